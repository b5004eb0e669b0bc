// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Attribute names that are looked up per event, interned once.
#pragma once

#include <nanobind/nanobind.h>

namespace aiorcl {

/// Interned names; the lookups by C string that nanobind offers make a new str each time. GIL held.
struct Names {
  PyObject * acquire = PyUnicode_InternFromString("acquire");
  PyObject * callback = PyUnicode_InternFromString("callback");
  PyObject * callback_field = PyUnicode_InternFromString("_callback");
  PyObject * callback_type = PyUnicode_InternFromString("_callback_type");
  PyObject * callbacks = PyUnicode_InternFromString("_callbacks");
  PyObject * create_task = PyUnicode_InternFromString("create_task");
  PyObject * executor = PyUnicode_InternFromString("_executor");
  PyObject * hooks_executor = PyUnicode_InternFromString("executor");
  PyObject * lock = PyUnicode_InternFromString("_lock");
  PyObject * pending_requests = PyUnicode_InternFromString("_pending_requests");
  PyObject * popleft = PyUnicode_InternFromString("popleft");
  PyObject * release = PyUnicode_InternFromString("release");
  PyObject * remove_pending_request = PyUnicode_InternFromString("remove_pending_request");
  PyObject * result = PyUnicode_InternFromString("_result");
  PyObject * start_callback = PyUnicode_InternFromString("_start_callback");
  PyObject * state = PyUnicode_InternFromString("_state");
  PyObject * turn = PyUnicode_InternFromString("_aiorcl_turn");
};

inline const Names & names() {
  static const Names instance;
  return instance;
}

/// `object.name`; throws nb::python_error.
inline nanobind::object attribute(nanobind::handle object, PyObject * name) {
  PyObject * value = PyObject_GetAttr(object.ptr(), name);
  if (value == nullptr) nanobind::raise_python_error();
  return nanobind::steal(value);
}

/// isinstance(object, cls); throws nb::python_error, as what a class says of its instances may.
inline bool is_instance(nanobind::handle object, nanobind::handle cls) {
  const int answer = PyObject_IsInstance(object.ptr(), cls.ptr());
  if (answer < 0) nanobind::raise_python_error();
  return answer == 1;
}

/// `object.name(*args)`; throws nb::python_error.
template <typename... Args>
nanobind::object call_method(nanobind::handle object, PyObject * name, Args... args) {
  PyObject * arguments[] = {object.ptr(), args.ptr()...};
  PyObject * result = PyObject_VectorcallMethod(name, arguments, sizeof...(args) + 1, nullptr);
  if (result == nullptr) nanobind::raise_python_error();
  return nanobind::steal(result);
}

}  // namespace aiorcl
