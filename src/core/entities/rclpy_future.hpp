// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// rclpy's Future, made and completed without running its Python.
#pragma once

#include <nanobind/nanobind.h>

#include "dispatch/entity.hpp"

namespace aiorcl {

// GIL held in both.

/// A rclpy.task.Future, just as its constructor makes it.
nanobind::object new_rclpy_future();

/// As future._set_executor(hooks.executor()) and future.set_result(result), without its callback
/// `except`; the other ones go to hooks.create_task(callback, future). False, and nothing is done,
/// for a future of another class, or where rclpy's has other attributes than we know.
bool complete_rclpy_future(nanobind::handle future, nanobind::handle result, Hooks hooks,
                           nanobind::handle except);

}  // namespace aiorcl
