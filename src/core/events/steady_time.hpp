// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The time by which this process measures itself.
#pragma once

#include <chrono>
#include <cstdint>

namespace aiorcl {

/// Nanoseconds of the steady clock. Costs 20 to 30 ns; no system call.
inline std::int64_t steady_now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace aiorcl
