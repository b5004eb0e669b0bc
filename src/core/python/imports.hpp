// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What C++ wants of aiorcl's own Python: all of its arrows that run upwards, and no others may.
#pragma once

#include <nanobind/nanobind.h>

#include "python/once.hpp"

/// Each is imported when it is first wanted, which throws nb::python_error: when this extension is
/// imported there is nothing of them yet. GIL held.
namespace aiorcl::imports {

/// Of a done callback that runs where its future is completed.
inline nanobind::handle inline_callback() {
  static Imported cls{"aiorcl._tasks.inline", "InlineCallback"};
  return cls.get();
}

/// Of a message whose type has no plan: itself, or what rclpy's functions convert without harm.
inline nanobind::handle convertible() {
  static Imported function{"aiorcl._rclpy.conversion", "convertible"};
  return function.get();
}

/// Tells the user of a type that has no plan, and why.
inline nanobind::handle tell_without_plan() {
  static Imported function{"aiorcl._rclpy.conversion", "tell_without_plan"};
  return function.get();
}

}  // namespace aiorcl::imports
