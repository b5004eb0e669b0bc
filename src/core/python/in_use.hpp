// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A handle of rclpy that is held in use for a while.
#pragma once

#include <nanobind/nanobind.h>

#include <utility>

namespace aiorcl {

/// `with handle:` for as long as it lives: rclpy destroys nothing that is in use. GIL held in the
/// constructor, which raises InvalidHandle if it is destroyed, and in the destructor.
class InUse {
 public:
  explicit InUse(nanobind::object handle) : handle_(std::move(handle)) {
    handle_.attr("__enter__")();
  }
  ~InUse() {
    const nanobind::error_scope pending;
    try {
      handle_.attr("__exit__")(nanobind::none(), nanobind::none(), nanobind::none());
    } catch (nanobind::python_error & error) {
      error.discard_as_unraisable("letting go of a handle");
    }
  }
  InUse(const InUse &) = delete;
  InUse & operator=(const InUse &) = delete;

 private:
  nanobind::object handle_;
};

}  // namespace aiorcl
