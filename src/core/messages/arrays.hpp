// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The containers of numbers in Python messages: numpy.ndarray for arrays, array.array for
// sequences.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>

#include "messages/plan.hpp"

namespace aiorcl {

// GIL held in all of these. `element` is numeric.

/// Before any use of an ndarray. False with an exception set; then it may be tried again.
bool import_numpy() noexcept;

/// A new numpy.ndarray of one dimension, with a copy of `size` numbers; nullptr with an exception
/// set.
PyObject * new_ndarray(Element element, const void * data, std::size_t size) noexcept;

/// A new array.array with a copy of `size` numbers; nullptr with an exception set.
PyObject * new_array(Element element, const void * data, std::size_t size) noexcept;

/// Where the numbers of a numpy.ndarray lie if it is what a message has: one dimension, `size`
/// numbers of this very type, one after the other. Else nullptr, without an exception.
const void * ndarray_data(PyObject * object, Element element, std::size_t size) noexcept;

/// True if `format`, of the buffer protocol, is numbers (or booleans, or bytes) just as `element`
/// has them.
bool is_format_of(const char * format, std::size_t item_size, Element element) noexcept;

}  // namespace aiorcl
