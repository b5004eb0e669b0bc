// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A ROS struct -> a new Python message object.
#include "messages/to_python.hpp"

#include <rosidl_runtime_c/string.h>
#include <rosidl_runtime_c/u16string.h>

#include <cstring>

#include "messages/arrays.hpp"
#include "messages/sequence.hpp"

namespace aiorcl {

namespace {

template <typename T>
T load(const void * from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

PyObject * one(const Field & field, const void * from) noexcept {
  switch (field.element) {
    case Element::kBool:
      return PyBool_FromLong(load<std::uint8_t>(from) != 0);
    case Element::kOctet:
      return PyBytes_FromStringAndSize(static_cast<const char *>(from), 1);
    case Element::kFloat32:
      return PyFloat_FromDouble(static_cast<double>(load<float>(from)));
    case Element::kFloat64:
      return PyFloat_FromDouble(load<double>(from));
    case Element::kInt8:
      return PyLong_FromLong(load<std::int8_t>(from));
    case Element::kUint8:
      return PyLong_FromLong(load<std::uint8_t>(from));
    case Element::kInt16:
      return PyLong_FromLong(load<std::int16_t>(from));
    case Element::kUint16:
      return PyLong_FromLong(load<std::uint16_t>(from));
    case Element::kInt32:
      return PyLong_FromLong(load<std::int32_t>(from));
    case Element::kUint32:
      return PyLong_FromUnsignedLong(load<std::uint32_t>(from));
    case Element::kInt64:
      return PyLong_FromLongLong(load<std::int64_t>(from));
    case Element::kUint64:
      return PyLong_FromUnsignedLongLong(load<std::uint64_t>(from));
    case Element::kString: {
      // Up to the first NUL, and with invalid bytes replaced, as rclpy does.
      const char * text = static_cast<const rosidl_runtime_c__String *>(from)->data;
      return PyUnicode_DecodeUTF8(text, static_cast<Py_ssize_t>(std::strlen(text)), "replace");
    }
    case Element::kWString: {
      const auto & text = *static_cast<const rosidl_runtime_c__U16String *>(from);
      int byte_order = 0;  // as rclpy: a byte order mark is taken for one, and dropped
      return PyUnicode_DecodeUTF16(reinterpret_cast<const char *>(text.data),
                                   static_cast<Py_ssize_t>(text.size * sizeof *text.data), nullptr,
                                   &byte_order);
    }
    case Element::kMessage:
      return to_python(*field.nested, from);
  }
  Py_UNREACHABLE();
}

PyObject * list(const Field & field, const void * from, std::size_t size) noexcept {
  PyObject * list = PyList_New(static_cast<Py_ssize_t>(size));
  if (list == nullptr) return nullptr;
  const char * item = static_cast<const char *>(from);
  for (std::size_t i = 0; i < size; ++i, item += field.item_size) {
    PyObject * value = one(field, item);
    if (value == nullptr) {
      Py_DECREF(list);
      return nullptr;
    }
    PyList_SET_ITEM(list, static_cast<Py_ssize_t>(i), value);
  }
  return list;
}

PyObject * value(const Field & field, const void * from) noexcept {
  switch (field.shape) {
    case Shape::kSingle:
      return one(field, from);
    case Shape::kArray:
      return field.is_numeric() ? new_ndarray(field.element, from, field.length)
                                : list(field, from, field.length);
    case Shape::kSequence: {
      const auto & sequence = *static_cast<const Sequence *>(from);
      if (field.may_be_buffer && ByteBuffer::is(from)) return nullptr;
      return field.is_numeric() ? new_array(field.element, sequence.data, sequence.size)
                                : list(field, sequence.data, sequence.size);
    }
  }
  Py_UNREACHABLE();
}

}  // namespace

PyObject * to_python(const Plan & plan, const void * ros_message) noexcept {
  PyObject * object = plan.new_object();
  if (object == nullptr) return nullptr;
  for (const Field & field : plan.fields()) {
    PyObject * made = value(field, static_cast<const char *>(ros_message) + field.offset);
    if (made == nullptr) {
      Py_DECREF(object);
      return nullptr;
    }
    Plan::at(object, field.slot) = made;
  }
  return object;
}

}  // namespace aiorcl
