// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// An object of the user's that is known again, and not kept.
#pragma once

#include <nanobind/nanobind.h>

#include <utility>

namespace aiorcl {

/// The object that was seen last, by a weak reference; one that takes none is kept. GIL held.
class Seen {
 public:
  /// Whether it is this object; false of a new one at the place of one that is gone.
  bool is(nanobind::handle object) const noexcept {
    if (!reference_.is_valid()) return false;
    if (!weakly_) return reference_.is(object);
#if PY_VERSION_HEX >= 0x030D0000
    PyObject * seen = nullptr;
    PyWeakref_GetRef(reference_.ptr(), &seen);
    const bool is_same = seen == object.ptr();
    Py_XDECREF(seen);
    return is_same;
#else
    return PyWeakref_GetObject(reference_.ptr()) == object.ptr();
#endif
  }

  void see(nanobind::handle object) {
    PyObject * reference = PyWeakref_NewRef(object.ptr(), nullptr);
    weakly_ = reference != nullptr;
    if (!weakly_) PyErr_Clear();
    reference_ = weakly_ ? nanobind::steal(reference) : nanobind::borrow(object);
  }

  void clear() noexcept { const nanobind::object dropped = std::move(reference_); }

  /// For the garbage collector.
  PyObject * ptr() const noexcept { return reference_.ptr(); }

 private:
  nanobind::object reference_;
  bool weakly_ = false;
};

}  // namespace aiorcl
