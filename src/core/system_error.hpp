// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What a system call reports is an OSError in Python.
#pragma once

#include <Python.h>

#include <exception>
#include <system_error>

namespace aiorcl {

inline void translate_system_error(const std::exception_ptr & raised, void *) {
  try {
    std::rethrow_exception(raised);
  } catch (const std::system_error & error) {
    PyObject * args = Py_BuildValue("(is)", error.code().value(), error.what());
    if (args == nullptr) return;
    PyErr_SetObject(PyExc_OSError, args);
    Py_DECREF(args);
  }
}

}  // namespace aiorcl
