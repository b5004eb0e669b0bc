// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The containers of numbers in Python messages.
#include "messages/arrays.hpp"

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>

#include <array>
#include <cstring>
#include <iterator>

#include "python/once.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

// Up to here the memory of a new array.array is written twice, which is less than what a call with
// a memoryview costs.
constexpr std::size_t kRepeatBytes = 8192;

struct Number {
  char code;
  int numpy;
  std::size_t size;
};

/// The row of `element`; what is no number in Python has a row for the buffer protocol only.
const Number & number(Element element) noexcept {
  static constexpr Number kNumbers[] = {
      {'?', NPY_BOOL, 1},  {'B', NPY_UINT8, 1},  {'f', NPY_FLOAT32, 4}, {'d', NPY_FLOAT64, 8},
      {'b', NPY_INT8, 1},  {'B', NPY_UINT8, 1},  {'h', NPY_INT16, 2},   {'H', NPY_UINT16, 2},
      {'i', NPY_INT32, 4}, {'I', NPY_UINT32, 4}, {'q', NPY_INT64, 8},   {'Q', NPY_UINT64, 8},
  };
  static_assert(std::size(kNumbers) == static_cast<std::size_t>(Element::kString));
  return kNumbers[static_cast<std::size_t>(element)];
}

/// An array.array of one number, of each type: `array * n` is the only way to n numbers without a
/// loop in Python.
PyObject * unit(Element element) noexcept {
  static std::array<Once<nb::object>, static_cast<std::size_t>(Element::kString)> units;
  const nb::object * found = units[static_cast<std::size_t>(element)].find([element] {
    const char code[] = {number(element).code, '\0'};
    return nb::module_::import_("array").attr("array")(code, nb::make_tuple(0));
  });
  return found == nullptr ? nullptr : found->ptr();
}

}  // namespace

bool import_numpy() noexcept {
  static bool imported = false;  // no guard: the import runs Python, so other threads may come by
  if (!imported) imported = _import_array() == 0;
  return imported;
}

PyObject * new_ndarray(Element element, const void * data, std::size_t size) noexcept {
  npy_intp length = static_cast<npy_intp>(size);
  PyObject * made = PyArray_SimpleNew(1, &length, number(element).numpy);
  if (made != nullptr) {
    std::memcpy(PyArray_DATA(reinterpret_cast<PyArrayObject *>(made)), data,
                size * number(element).size);
  }
  return made;
}

PyObject * new_array(Element element, const void * data, std::size_t size) noexcept {
  PyObject * one = unit(element);
  if (one == nullptr) return nullptr;
  const std::size_t bytes = size * number(element).size;
  const bool repeat = bytes <= kRepeatBytes;
  PyObject * made = PySequence_Repeat(one, repeat ? static_cast<Py_ssize_t>(size) : 0);
  if (made == nullptr || size == 0) return made;
  if (repeat) {
    Py_buffer view;
    if (PyObject_GetBuffer(made, &view, PyBUF_WRITABLE) != 0) {
      Py_DECREF(made);
      return nullptr;
    }
    std::memcpy(view.buf, data, bytes);
    PyBuffer_Release(&view);
    return made;
  }
  static Once<nb::object> once;
  const nb::object * frombytes = once.find([] {
    nb::object name = nb::steal(PyUnicode_InternFromString("frombytes"));
    if (!name.is_valid()) nb::raise_python_error();
    return name;
  });
  if (frombytes == nullptr) {
    Py_DECREF(made);
    return nullptr;
  }
  PyObject * bytes_view =
      PyMemoryView_FromMemory(const_cast<char *>(static_cast<const char *>(data)),
                              static_cast<Py_ssize_t>(bytes), PyBUF_READ);
  PyObject * done = nullptr;
  if (bytes_view != nullptr) {
    done = PyObject_CallMethodOneArg(made, frombytes->ptr(), bytes_view);
    Py_DECREF(bytes_view);
  }
  if (done == nullptr) {
    Py_DECREF(made);
    return nullptr;
  }
  Py_DECREF(done);
  return made;
}

const void * ndarray_data(PyObject * object, Element element, std::size_t size) noexcept {
  if (!PyArray_Check(object)) return nullptr;
  auto * array = reinterpret_cast<PyArrayObject *>(object);
  // Types of one width have several numbers in numpy (long and long long).
  if (PyArray_NDIM(array) != 1 || PyArray_DIM(array, 0) != static_cast<npy_intp>(size) ||
      !PyArray_EquivTypenums(PyArray_TYPE(array), number(element).numpy) ||
      !PyArray_IS_C_CONTIGUOUS(array) || !PyArray_ISNOTSWAPPED(array)) {
    return nullptr;
  }
  return PyArray_DATA(array);
}

bool is_format_of(const char * format, std::size_t item_size, Element element) noexcept {
  const Number & wanted = number(element);
  if (item_size != wanted.size) return false;
  const char code = format == nullptr ? 'B' : *format;
  if (code == '\0' || (format != nullptr && format[1] != '\0')) return false;
  switch (wanted.code) {
    case 'f':
    case 'd':
    case '?':
      return code == wanted.code;
    case 'B':
      return code == 'B' || (element == Element::kOctet && code == 'c');
    case 'b':
    case 'h':
    case 'i':
    case 'q':
      return std::strchr("bhilqn", code) != nullptr;
    default:
      return std::strchr("BHILQN", code) != nullptr;
  }
}

}  // namespace aiorcl
