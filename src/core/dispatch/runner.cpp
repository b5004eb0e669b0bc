// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Which thread runs a dispatcher now.
#include "dispatch/runner.hpp"

#include <algorithm>
#include <utility>

#include "python/finalizing.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

/// Those that a thread has. Guarded by the GIL.
std::vector<const Runner *> & begun() {
  static std::vector<const Runner *> runners;
  return runners;
}

}  // namespace

bool Runner::begin() {
  if (begun_) return false;
  begun().push_back(this);
  thread_ = PyThread_get_thread_ident();
  begun_ = true;
  return true;
}

void Runner::end() noexcept {
  if (!begun_) return;
  begun_ = false;
  begun().erase(std::find(begun().begin(), begun().end(), this));
  ring();
}

std::optional<unsigned long> Runner::thread() const noexcept {
  if (!begun_) return std::nullopt;
  return thread_;
}

std::optional<unsigned long> Runner::last_thread() const noexcept {
  return thread_;
}

bool Runner::is_here() const noexcept {
  return begun_ && thread_ == PyThread_get_thread_ident();
}

bool Runner::any_here() noexcept {
  return std::any_of(begun().begin(), begun().end(),
                     [](const Runner * runner) { return runner->is_here(); });
}

void Runner::ring_all() noexcept {
  const nb::error_scope pending;
  for (const nb::object & bell : std::exchange(bells_, {})) {
    PyObject * result = PyObject_CallNoArgs(bell.ptr());
    if (result == nullptr) PyErr_WriteUnraisable(bell.ptr());
    Py_XDECREF(result);
  }
}

}  // namespace aiorcl
