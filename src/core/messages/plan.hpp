// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A message type compiled: where each field lies in the C struct, and where in the Python object.
#pragma once

#include <nanobind/nanobind.h>
#include <rosidl_typesupport_introspection_c/message_introspection.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace aiorcl {

/// What one value of a field is; the order of kElements in plan.cpp and of kNumbers in arrays.cpp,
/// and from kFloat32 to kUint64 of Field::is_numeric().
enum class Element : std::uint8_t {
  kBool,
  kOctet,
  kFloat32,
  kFloat64,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kString,
  kWString,
  kMessage,
};
constexpr std::size_t kElementKinds = static_cast<std::size_t>(Element::kMessage) + 1;

/// How many values a field has.
enum class Shape : std::uint8_t {
  kSingle,
  kArray,     // `length` values in the struct itself
  kSequence,  // at most `length` values, elsewhere
};

class Plan;

struct Field {
  /// True for what Python keeps in numpy.ndarray (arrays) and array.array (sequences).
  bool is_numeric() const noexcept {
    return element >= Element::kFloat32 && element <= Element::kUint64;
  }

  Element element;
  Shape shape;
  std::size_t offset;        // in the struct, in bytes
  std::size_t slot;          // in the Python object, in bytes
  std::size_t item_size;     // in the struct, in bytes
  std::size_t length;        // of an array; the bound of a sequence
  std::size_t string_bound;  // in characters; of a wide string in UTF-16 units
  const Plan * nested;       // of a message
  bool may_be_buffer;        // see ByteBuffer
  bool (*resize)(void *, std::size_t);
  PyObject * name;  // interned
};

/// The fields of one message class. Made on first use, kept as long as the interpreter lives. GIL
/// held throughout.
class Plan {
 public:
  static constexpr std::size_t kUnbounded = SIZE_MAX;

  /// A plan, or why there is none.
  struct Found {
    std::unique_ptr<const Plan> plan;
    std::string why_not;
  };

  /// The plan of a message class. There is none if the class is not as rosidl_generator_py makes it
  /// (a subclass, say, or other slots), has fields of a kind that no .msg file can have, or has no
  /// introspection type support: then rclpy's own functions convert it.
  static const Found & of(nanobind::handle cls);

  PyTypeObject * cls() const noexcept { return cls_; }
  const std::vector<Field> & fields() const noexcept { return fields_; }

  /// "geometry_msgs/msg/Point".
  std::string name() const;

  /// True if some messages have to be converted by rclpy's functions: those that hold a buffer.
  bool may_hold_buffers() const noexcept { return may_hold_buffers_; }

  /// How many bytes the sequences of numbers of this struct hold, not looking into nested messages.
  std::size_t bulk_of(const void * ros_message) const noexcept;

  /// A struct whose fields have any valid values, for one user until release(). nullptr without
  /// memory.
  void * acquire() const noexcept;
  void release(void * ros_message) const noexcept;

  /// As release(), for one that may hold what is not valid.
  void discard(void * ros_message) const noexcept;

  /// A new message object without values; slots are filled in by the caller, who has the only
  /// reference. nullptr with MemoryError set.
  PyObject * new_object() const noexcept {
    PyObject * object = cls_->tp_alloc(cls_, 0);
    if (object != nullptr) {
      Py_INCREF(check_fields_);
      at(object, check_fields_slot_) = check_fields_;
    }
    return object;
  }

  /// The slot of an object of cls(). A borrowed reference or nullptr.
  static PyObject *& at(PyObject * object, std::size_t slot) noexcept {
    return *reinterpret_cast<PyObject **>(reinterpret_cast<char *>(object) + slot);
  }

 private:
  Plan() = default;
  void compile(nanobind::handle cls);
  void add(const rosidl_typesupport_introspection_c__MessageMember & member);

  PyTypeObject * cls_ = nullptr;
  const rosidl_typesupport_introspection_c__MessageMembers * members_ = nullptr;
  std::vector<Field> fields_;
  std::vector<std::size_t> bulk_;  // which of fields_ are sequences of numbers or bytes
  std::size_t check_fields_slot_ = 0;
  PyObject * check_fields_ = nullptr;
  bool may_hold_buffers_ = false;
  mutable std::vector<void *> spare_;  // structs that nobody uses
};

}  // namespace aiorcl
