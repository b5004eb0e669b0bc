// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// rmw_message_info_t -> the dict that rclpy gives to callbacks.
#pragma once

#include <nanobind/nanobind.h>
#include <rmw/types.h>

namespace aiorcl {

/// A new dict with the keys of rclpy.subscription.MessageInfo. GIL held.
///
/// `with_gid`: whether this rclpy has 'publisher_gid' (Kilted and newer).
nanobind::dict message_info(const rmw_message_info_t & info, bool with_gid);

}  // namespace aiorcl
