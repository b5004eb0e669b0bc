// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// One value of Python -> one value of a ROS struct.
#include "messages/scalars.hpp"

#include <rosidl_runtime_c/string.h>
#include <rosidl_runtime_c/string_functions.h>
#include <rosidl_runtime_c/u16string.h>
#include <rosidl_runtime_c/u16string_functions.h>

#include <cstring>
#include <limits>

#include "python/once.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

// Whether it is one: 1 or 0; -1 with an exception set. A class may say so by code of its own, which
// may fail or be interrupted: that is not "no".
using Answer = int;

Answer is_instance(PyObject * value, Imported & imported) noexcept {
  PyObject * cls = imported.find();
  return cls == nullptr ? -1 : PyObject_IsInstance(value, cls);
}

Answer is_user_string(PyObject * value) noexcept {
  static Imported user_string{"collections", "UserString"};
  return is_instance(value, user_string);
}

/// False, with the exception that is set; if it is one of `kind`, with what refuse() sets instead.
template <typename Refuse>
bool refuse_instead(PyObject * kind, Refuse refuse) noexcept {
  if (PyErr_ExceptionMatches(kind) == 0) return false;
  PyErr_Clear();
  return refuse();
}

template <typename T>
bool store(void * to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
  return true;
}

template <typename T>
bool refuse_range(PyObject * value) noexcept {
  PyErr_Format(PyExc_ValueError, "expected an int from %lld to %llu, got %R",
               static_cast<long long>(std::numeric_limits<T>::min()),
               static_cast<unsigned long long>(std::numeric_limits<T>::max()), value);
  return false;
}

template <typename T>
bool store_int(PyObject * value, void * to) noexcept {
  if constexpr (sizeof(T) == 8 && std::numeric_limits<T>::min() == 0) {
    const unsigned long long number = PyLong_AsUnsignedLongLong(value);
    if (number == static_cast<unsigned long long>(-1) && PyErr_Occurred() != nullptr) {
      return refuse_instead(PyExc_OverflowError, [&] { return refuse_range<T>(value); });
    }
    return store<T>(to, number);
  } else {
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow != 0 || number < static_cast<long long>(std::numeric_limits<T>::min()) ||
        number > static_cast<long long>(std::numeric_limits<T>::max())) {
      return refuse_range<T>(value);
    }
    return store(to, static_cast<T>(number));
  }
}

template <typename T>
bool integer(PyObject * value, void * to) noexcept {
  if (PyLong_Check(value)) return store_int<T>(value, to);
  // What stands for an int, as numpy's integers do.
  if (PyIndex_Check(value) == 0) return refuse_type("int", value);
  PyObject * index = PyNumber_Index(value);
  if (index == nullptr) {
    return refuse_instead(PyExc_TypeError, [&] { return refuse_type("int", value); });
  }
  const bool stored = store_int<T>(index, to);
  Py_DECREF(index);
  return stored;
}

/// A number that is no float, if it is one of these and a float has just this value.
bool exact_double(PyObject * value, double & number) noexcept {
  PyObject * equal = nullptr;
  if (PyBool_Check(value)) return refuse_type("float", value);
  if (PyIndex_Check(value)) {
    equal = PyNumber_Index(value);
    if (equal == nullptr) {
      return refuse_instead(PyExc_TypeError, [&] { return refuse_type("float", value); });
    }
  } else {
    static Imported floating{"numpy", "floating"};
    const Answer is = is_instance(value, floating);
    if (is <= 0) return is == 0 && refuse_type("float", value);
    equal = Py_NewRef(value);
  }
  PyObject * converted = PyNumber_Float(equal);
  Answer same = -1;
  if (converted != nullptr) {
    number = PyFloat_AS_DOUBLE(converted);
    same = number != number ? 1 : PyObject_RichCompareBool(converted, equal, Py_EQ);
  }
  Py_XDECREF(converted);
  Py_DECREF(equal);
  if (same > 0) return true;
  const auto refuse = [value] {
    PyErr_Format(PyExc_ValueError, "no float is equal to %R", value);
    return false;
  };
  // An int may be too large for any float.
  return same == 0 ? refuse() : refuse_instead(PyExc_OverflowError, refuse);
}

template <typename T>
bool floating(PyObject * value, void * to) noexcept {
  double number = 0;
  if (PyFloat_Check(value)) {
    number = PyFloat_AS_DOUBLE(value);
  } else if (!exact_double(value, number)) {
    return false;
  }
  return store(to, static_cast<T>(number));
}

bool boolean(PyObject * value, void * to) noexcept {
  if (value == Py_True || value == Py_False) return store(to, value == Py_True);
  static Imported numpy_bool{"numpy", "bool_"};
  const Answer is = is_instance(value, numpy_bool);
  if (is <= 0) return is == 0 && refuse_type("bool", value);
  const int is_true = PyObject_IsTrue(value);
  return is_true >= 0 && store(to, is_true == 1);
}

bool octet(PyObject * value, void * to) noexcept {
  const char * bytes = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_Check(value)) {
    bytes = PyBytes_AS_STRING(value);
    size = PyBytes_GET_SIZE(value);
  } else if (PyByteArray_Check(value)) {
    bytes = PyByteArray_AS_STRING(value);
    size = PyByteArray_GET_SIZE(value);
  } else {
    return refuse_type("bytes", value);
  }
  if (size == 1) return store(to, *bytes);
  PyErr_Format(PyExc_ValueError, "expected 1 byte, got %zd", size);
  return false;
}

bool refuse_long(const char * units, std::size_t bound, std::size_t size) noexcept {
  PyErr_Format(PyExc_ValueError, "expected at most %zu %s, got %zu", bound, units, size);
  return false;
}

// Both leave capacity == size + 1, as rosidl's own functions do: there are middlewares that assert
// it.

/// The bytes of one string, as rclpy encodes them: up to the first NUL. The bound is in characters,
/// as that of rclpy's setters.
bool assign(PyObject * text, std::size_t bound, rosidl_runtime_c__String & to) noexcept {
  const auto characters = static_cast<std::size_t>(PyUnicode_GET_LENGTH(text));
  if (characters > bound) return refuse_long("characters", bound, characters);
  Py_ssize_t size = 0;
  const char * bytes = PyUnicode_AsUTF8AndSize(text, &size);
  if (bytes == nullptr) return false;
  const std::size_t length = ::strnlen(bytes, static_cast<std::size_t>(size));
  if (length < to.capacity) {
    std::memcpy(to.data, bytes, length);
    to.data[length] = '\0';
    to.size = length;
    to.capacity = length + 1;
    return true;
  }
  if (rosidl_runtime_c__String__assignn(&to, bytes, length)) return true;
  PyErr_NoMemory();
  return false;
}

/// The bound is in UTF-16 units, which is what the middleware counts: a character beyond U+FFFF has
/// two.
bool assign(PyObject * text, std::size_t bound, rosidl_runtime_c__U16String & to) noexcept {
  PyObject * encoded = PyUnicode_AsUTF16String(text);
  if (encoded == nullptr) return false;
  constexpr std::size_t kMark = 2;  // bytes of the byte order mark before the text
  const std::size_t bytes = static_cast<std::size_t>(PyBytes_GET_SIZE(encoded)) - kMark;
  const std::size_t units = bytes / sizeof *to.data;
  bool assigned = false;
  if (units > bound) {
    refuse_long("UTF-16 units", bound, units);
  } else {
    assigned = rosidl_runtime_c__U16String__assignn_from_char(
        &to, PyBytes_AS_STRING(encoded) + kMark, bytes);
    if (!assigned) PyErr_NoMemory();
  }
  Py_DECREF(encoded);
  return assigned;
}

template <typename String>
bool string(const Field & field, PyObject * value, void * to) noexcept {
  PyObject * text = nullptr;
  if (PyUnicode_Check(value)) {
    text = Py_NewRef(value);
  } else {
    const Answer is = is_user_string(value);
    if (is <= 0) return is == 0 && refuse_type("str", value);
    text = PyObject_Str(value);
    if (text == nullptr) return false;
  }
  const bool assigned = assign(text, field.string_bound, *static_cast<String *>(to));
  Py_DECREF(text);
  return assigned;
}

}  // namespace

bool refuse_type(const char * expected, PyObject * value) noexcept {
  PyErr_Format(PyExc_TypeError, "expected %s, got %s", expected, Py_TYPE(value)->tp_name);
  return false;
}

bool check_collection(PyObject * value) noexcept {
  static Imported sequence{"collections.abc", "Sequence"};
  static Imported sized{"collections.abc", "Sized"};
  static Imported mapping{"collections.abc", "Mapping"};
  Answer is = PyUnicode_Check(value) ? 1 : is_user_string(value);
  if (is != 0) return is > 0 && refuse_type("a sequence", value);
  is = is_instance(value, sequence);
  if (is != 0) return is > 0;
  is = is_instance(value, sized);
  if (is <= 0) return is == 0 && refuse_type("a sequence", value);
  is = is_instance(value, mapping);
  return is == 0 || (is > 0 && refuse_type("a sequence", value));
}

bool scalar_from_python(const Field & field, PyObject * value, void * to) noexcept {
  switch (field.element) {
    case Element::kBool:
      return boolean(value, to);
    case Element::kOctet:
      return octet(value, to);
    case Element::kFloat32:
      return floating<float>(value, to);
    case Element::kFloat64:
      return floating<double>(value, to);
    case Element::kInt8:
      return integer<std::int8_t>(value, to);
    case Element::kUint8:
      return integer<std::uint8_t>(value, to);
    case Element::kInt16:
      return integer<std::int16_t>(value, to);
    case Element::kUint16:
      return integer<std::uint16_t>(value, to);
    case Element::kInt32:
      return integer<std::int32_t>(value, to);
    case Element::kUint32:
      return integer<std::uint32_t>(value, to);
    case Element::kInt64:
      return integer<std::int64_t>(value, to);
    case Element::kUint64:
      return integer<std::uint64_t>(value, to);
    case Element::kString:
      return string<rosidl_runtime_c__String>(field, value, to);
    case Element::kWString:
      return string<rosidl_runtime_c__U16String>(field, value, to);
    case Element::kMessage:
      break;
  }
  Py_UNREACHABLE();
}

}  // namespace aiorcl
