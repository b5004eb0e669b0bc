// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A Python message object -> a ROS struct, by a plan.
#pragma once

#include <cstdint>

#include "messages/borrowed.hpp"
#include "messages/plan.hpp"

namespace aiorcl {

/// What came of from_python().
enum class Converted : std::uint8_t {
  kYes,
  kNo,       // an exception is set
  kByRclpy,  // rclpy's function has to do it, with a struct of its own: a value is a buffer
};

/// Fills the struct, which plan.create() made and which may have been filled before; large data may
/// be borrowed. kNo with an exception set, a TypeError or ValueError that names the field
/// ("pose.position.x: expected float, got str"); unless kYes the struct has any valid value. GIL
/// held.
///
/// `message` is an instance of plan.cls() or of a subclass, whose attributes are read as rclpy
/// reads them. docs/messages.md says what each kind of field accepts.
Converted from_python(const Plan & plan, PyObject * message, void * ros_message,
                      Borrowed & borrowed);

}  // namespace aiorcl
