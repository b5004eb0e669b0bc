// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Whether the messages of the ROS that runs lie in memory as those of the headers do.
#pragma once

#include <string>

namespace aiorcl {

/// Throws nb::import_error unless a message of this ROS is described just as the headers have it
/// that this was built against: sequences have grown between releases, and so has the description
/// of a field. `message` is that message, in C. Without its introspection type support nothing is
/// checked. Runs no Python.
void check_layout(const std::string & message = "rcl_interfaces__msg__ParameterValue");

}  // namespace aiorcl
