// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A message class of Python and what converts its objects: our plan, or rclpy's functions.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <cstdint>

#include "messages/borrowed.hpp"
#include "messages/plan.hpp"

namespace aiorcl {

/// One message class. GIL held throughout.
///
/// Converted by a plan; where there is none, or where none is wanted, and messages that hold a
/// buffer, by the functions that rosidl_generator_py puts on the metaclass of every message, which
/// are those that rclpy calls: after a check in Python, because they crash at values that rclpy's
/// setters would not let pass. Which types have no plan is noted, see without_plan().
class MessageType {
 public:
  /// `cls` is a message class; throws nb::type_error if it does not look like one.
  explicit MessageType(nanobind::handle cls, bool use_plan = wants_plans());

  /// False if the environment variable AIORCL_CONVERSION is "rclpy" now.
  static bool wants_plans() noexcept;

  /// The classes of all those that have no plan, and why: {class: str}.
  static nanobind::typed<nanobind::dict, nanobind::type_object, nanobind::str> without_plan();

  /// Throws what RosMessage::from_python() throws.
  void check(nanobind::handle message) const;

  bool has_plan() const noexcept { return plan_ != nullptr; }

 private:
  friend class RosMessage;

  nanobind::handle cls_;  // a class of an imported module: lives as long as the interpreter
  const Plan * plan_ = nullptr;
  void * (*create_)() = nullptr;
  void (*destroy_)(void *) = nullptr;
  bool (*from_python_)(PyObject *, void *) = nullptr;
  PyObject * (*to_python_)(void *) = nullptr;
};

/// One ROS struct of a type, for one user at a time. Structs of a plan are reused: they wait in the
/// plan for their next user. GIL held throughout.
class RosMessage {
 public:
  /// `type` outlives the object.
  explicit RosMessage(const MessageType & type);
  ~RosMessage();
  RosMessage(const RosMessage &) = delete;
  RosMessage & operator=(const RosMessage &) = delete;

  void * get() const noexcept { return data_; }
  std::uintptr_t address() const noexcept { return reinterpret_cast<std::uintptr_t>(data_); }

  /// A new message object made from the struct; throws nb::python_error.
  nanobind::object to_python() { return to_python(type_); }

  /// The same by another MessageType of the same class.
  nanobind::object to_python(const MessageType & type);

  /// Fills the struct, also if it was filled before; throws nb::python_error: a TypeError that
  /// names the class that was expected, or what from_python.hpp says. Large data stay where they
  /// are, so the message object must not be changed before this struct is gone or filled again.
  void from_python(nanobind::handle message);

  /// True if what it holds now is so large that the GIL should be released while the middleware
  /// copies it.
  bool is_large() const noexcept;

 private:
  /// Takes another struct, of the plan or one for rclpy's functions.
  void replace(bool of_plan);
  /// The same for one of the plan that holds a buffer, which nobody can have.
  void renew();
  void give_back() noexcept;

  const MessageType & type_;
  bool of_plan_;
  void * data_;
  Borrowed borrowed_;
};

}  // namespace aiorcl
