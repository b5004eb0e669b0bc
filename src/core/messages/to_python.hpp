// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A ROS struct -> a new Python message object, by a plan.
#pragma once

#include "messages/plan.hpp"

namespace aiorcl {

/// A new reference to an object equal to what rclpy makes of the struct, in the value and in the
/// Python type of every field. Neither constructors nor setters run. nullptr with an exception set,
/// or without one if rclpy's function has to do it: a field is a buffer. GIL held.
PyObject * to_python(const Plan & plan, const void * ros_message) noexcept;

}  // namespace aiorcl
