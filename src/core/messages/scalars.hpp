// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// One value of Python -> one value of a ROS struct: what each kind of field accepts.
#pragma once

#include "messages/plan.hpp"

namespace aiorcl {

/// Writes one value that is no message; false with an exception set. GIL held.
///
/// What is refused is a TypeError or ValueError that reads on from the name of the field: "expected
/// float, got str". Other exceptions are Python's own, such as a UnicodeEncodeError.
bool scalar_from_python(const Field & field, PyObject * value, void * to) noexcept;

/// Sets a TypeError, "expected `expected`, got TYPE", and returns false.
bool refuse_type(const char * expected, PyObject * value) noexcept;

/// True for what has a length and may have items in an order: sequences, sets, the values of a
/// dict, numpy arrays. False with a TypeError for str, mappings, iterators and whatever else has no
/// length, or with what the value's own code raised.
bool check_collection(PyObject * value) noexcept;

}  // namespace aiorcl
