// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Attribute names that the engine and the entities look up, interned once.
#pragma once

#include <nanobind/nanobind.h>

#include "python/finalizing.hpp"

namespace aiorcl {

/// Interned names, of which none is private to rclpy: those are `rclpy_names()`. The lookups by C
/// string that nanobind offers make a new str each time. GIL held.
struct Names {
  PyObject * acquire = PyUnicode_InternFromString("acquire");
  PyObject * beginning_execution = PyUnicode_InternFromString("beginning_execution");
  PyObject * call_async = PyUnicode_InternFromString("call_async");
  PyObject * call_task = PyUnicode_InternFromString("call_task");
  PyObject * callback = PyUnicode_InternFromString("callback");
  PyObject * can_execute = PyUnicode_InternFromString("can_execute");
  PyObject * clear_on_ready_callback = PyUnicode_InternFromString("clear_on_ready_callback");
  PyObject * complete_future = PyUnicode_InternFromString("complete_future");
  PyObject * complete_request = PyUnicode_InternFromString("complete_request");
  PyObject * create_task = PyUnicode_InternFromString("create_task");
  PyObject * doc = PyUnicode_InternFromString("__doc__");
  PyObject * ending_execution = PyUnicode_InternFromString("ending_execution");
  PyObject * enter = PyUnicode_InternFromString("__enter__");
  PyObject * executor = PyUnicode_InternFromString("executor");
  PyObject * exit = PyUnicode_InternFromString("__exit__");
  PyObject * handle = PyUnicode_InternFromString("handle");
  PyObject * is_waitable_ready = PyUnicode_InternFromString("is_waitable_ready");
  PyObject * module = PyUnicode_InternFromString("__module__");
  PyObject * msg = PyUnicode_InternFromString("msg");
  PyObject * on_error = PyUnicode_InternFromString("on_error");
  PyObject * on_slow_callback = PyUnicode_InternFromString("on_slow_callback");
  PyObject * pointer = PyUnicode_InternFromString("pointer");
  PyObject * popleft = PyUnicode_InternFromString("popleft");
  PyObject * publish = PyUnicode_InternFromString("publish");
  PyObject * release = PyUnicode_InternFromString("release");
  PyObject * remove_pending_request = PyUnicode_InternFromString("remove_pending_request");
  PyObject * request = PyUnicode_InternFromString("request");
  PyObject * response_unsent = PyUnicode_InternFromString("response_unsent");
  PyObject * send_response = PyUnicode_InternFromString("send_response");
  PyObject * service_take_request = PyUnicode_InternFromString("service_take_request");
  PyObject * start_callback = PyUnicode_InternFromString("start_callback");
  PyObject * start_service_callback = PyUnicode_InternFromString("start_service_callback");
  PyObject * take_driven_waitable = PyUnicode_InternFromString("take_driven_waitable");
  PyObject * take_ready_waitable = PyUnicode_InternFromString("take_ready_waitable");
  PyObject * take_waitable = PyUnicode_InternFromString("take_waitable");
  PyObject * timer_argument = PyUnicode_InternFromString("timer_argument");
  PyObject * timer_info = PyUnicode_InternFromString("timer_info");
  PyObject * trigger = PyUnicode_InternFromString("trigger");
  PyObject * turn = PyUnicode_InternFromString("aiorcl_turn");
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

/// bool(object); throws nb::python_error.
inline bool is_true(nanobind::handle object) {
  const int answer = PyObject_IsTrue(object.ptr());
  if (answer < 0) nanobind::raise_python_error();
  return answer == 1;
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
  PyObject * result = or_hang(
      [&] { return PyObject_VectorcallMethod(name, arguments, sizeof...(args) + 1, nullptr); });
  if (result == nullptr) nanobind::raise_python_error();
  return nanobind::steal(result);
}

/// `callable(*args)`; throws nb::python_error.
template <typename... Args>
nanobind::object call_object(nanobind::handle callable, Args... args) {
  PyObject * arguments[] = {nullptr, args.ptr()...};
  PyObject * result = or_hang([&] {
    return PyObject_Vectorcall(callable.ptr(), arguments + 1,
                               sizeof...(args) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
  });
  if (result == nullptr) nanobind::raise_python_error();
  return nanobind::steal(result);
}

}  // namespace aiorcl
