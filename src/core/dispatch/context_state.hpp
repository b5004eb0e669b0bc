// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Whether the context of an executor is up, asked before each callback.
#pragma once

#include <rcl/context.h>

namespace aiorcl {

/// Takes no lock: rclpy may hold its own while it waits for whoever asks.
struct ContextState {
  const rcl_context_t * const context;  // in use

  /// rclpy has begun to shut it down: first it destroys the nodes. Written with the GIL held.
  bool goes_down = false;

  bool is_up() const noexcept { return !goes_down && rcl_context_is_valid(context); }
};

}  // namespace aiorcl
