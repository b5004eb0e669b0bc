// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A time of a clock, and whoever waits for it.
#pragma once

#include <rcl/time.h>

#include <atomic>
#include <cstdint>

#include "events/timers.hpp"

namespace aiorcl {

/// Makes its Ready ready when a clock may have reached a time: when the time has come, and when the
/// clock jumped or changed its source. Whoever handles that asks what is true, and calls schedule()
/// to wait on.
///
/// rcl documents the jump callbacks of a clock as not thread-safe: construct and close under the
/// lock that guards the clock (rclpy's is the GIL). Jumps come on the thread that sets the clock.
class Deadline final : public Due {
 public:
  /// `clock` outlives this; `until` is in nanoseconds of it.
  Deadline(TimerQueue & queue, rcl_clock_t * clock, std::int64_t until, Ready & ready);
  ~Deadline() { close(); }

  /// Waits no more. Idempotent.
  void close() noexcept;

  /// Waits for the time by what the clock goes by now.
  void schedule();  // throws RclError

  bool is_reached() const;  // throws RclError

  /// True once ROS time was switched on or off: `until` has lost its meaning.
  bool source_changed() const noexcept { return source_changed_.load(std::memory_order_acquire); }

 private:
  static void on_jump(const rcl_time_jump_t * jump, bool before_jump, void * user_data) noexcept;

  rcl_clock_t * clock_;
  const std::int64_t until_;
  std::atomic<bool> source_changed_{false};
};

}  // namespace aiorcl
