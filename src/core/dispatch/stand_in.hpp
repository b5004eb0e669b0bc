// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A callable of C++ in the place of a function of Python, which is what whoever looks at it sees.
#pragma once

#include <nanobind/nanobind.h>

namespace aiorcl {

class Entity;

/// What is done instead of a method: `argument` is null where it takes none. May throw.
using Instead = nanobind::object (*)(Entity & entity, nanobind::handle argument);

/// A callable that does `call` in the place of `function`, a function of Python. What that tells of
/// itself it tells too (name, code, signature: every attribute, and equality), it has it as
/// `__wrapped__`, and looked up in a class it becomes a method: `inspect`, `typing`, `functools`
/// and `unittest.mock` see the function. Throws nb::python_error. GIL held.
nanobind::object stand_in(vectorcallfunc call, nanobind::handle function);

/// The function that a callable, which `stand_in` has made, stands in for.
PyObject * stood_in_for(PyObject * callable) noexcept;

/// A bound method, one of Python's own, of the rclpy entity: it does `instead` in the place of
/// method `name` of that object's class, which takes one argument, of the name `parameter`, or none
/// if that is null. A call of another form is the class's method's own to do, or to refuse. Keeps
/// the entity of ours. Throws nb::python_error. GIL held.
nanobind::object stand_in_method(Entity & entity, PyObject * name, PyObject * parameter,
                                 Instead instead);

}  // namespace aiorcl
