// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Context variables of one callback.
#pragma once

#include <nanobind/nanobind.h>

namespace aiorcl {

/// A copy of `base`, a contextvars.Context, is the current context for as long as this lives: what
/// is set meanwhile is gone afterwards. None: nothing happens. GIL held. A copy takes as long
/// however many variables there are. No exception of Python is pending at its end.
class InContext {
 public:
  explicit InContext(nanobind::handle base) {
    if (base.is_none()) return;
    copy_ = nanobind::steal(PyContext_Copy(base.ptr()));
    if (!copy_.is_valid() || PyContext_Enter(copy_.ptr()) != 0) nanobind::raise_python_error();
  }
  ~InContext() {
    if (copy_.is_valid() && PyContext_Exit(copy_.ptr()) != 0) PyErr_WriteUnraisable(copy_.ptr());
  }
  InContext(const InContext &) = delete;
  InContext & operator=(const InContext &) = delete;

 private:
  nanobind::object copy_;
};

}  // namespace aiorcl
