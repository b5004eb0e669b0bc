// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A message class of Python and the functions that rosidl generated for it.
#pragma once

#include <nanobind/nanobind.h>

namespace aiorcl {

/// Creates, converts and destroys the ROS structs of one message class. GIL held throughout.
///
/// The functions come from the capsules that rosidl_generator_py puts on the metaclass of every
/// message; they are those that rclpy itself calls, so objects and errors are the same.
class MessageType {
 public:
  /// `cls` is a message class; throws nb::type_error if it does not look like one.
  explicit MessageType(nanobind::handle cls);

  /// A new reference to a message object made from the struct; throws nb::python_error.
  nanobind::object to_python(void * ros_message) const;

  /// Fills the struct; throws nb::python_error (TypeError names the class that was expected).
  void from_python(nanobind::handle message, void * ros_message) const;

 private:
  friend class RosMessage;

  nanobind::handle cls_;  // a class of an imported module: lives as long as the interpreter
  void * (*create_)();
  void (*destroy_)(void *);
  bool (*from_python_)(PyObject *, void *);
  PyObject * (*to_python_)(void *);
};

/// One ROS struct of a type, for one user at a time; reused from message to message.
class RosMessage {
 public:
  explicit RosMessage(const MessageType & type);
  ~RosMessage() { destroy_(data_); }
  RosMessage(const RosMessage &) = delete;
  RosMessage & operator=(const RosMessage &) = delete;

  void * get() const noexcept { return data_; }

 private:
  void (*destroy_)(void *);
  void * data_;
};

}  // namespace aiorcl
