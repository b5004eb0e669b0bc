// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Due times of rcl timers, by clock; an fd per clock that is readable when the first of them is
// due.
#pragma once

#include <rcl/timer.h>

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "events/ready_queue.hpp"

namespace aiorcl {

class TimerQueue;

/// One rcl timer's place in the queue. Makes its Ready ready when the timer is due, was reset, or
/// its clock jumped; whoever runs it asks rcl what is true now and schedules it again.
///
/// rcl documents the jump callbacks of a clock as not thread-safe: construct and close under the
/// lock that guards the clock (rclpy's is the GIL). Jumps come on the thread that sets the clock.
class TimerSlot {
 public:
  /// `timer` outlives the slot.
  TimerSlot(TimerQueue & queue, rcl_timer_t * timer, Ready & ready);  // throws RclError
  ~TimerSlot() { close(); }
  TimerSlot(const TimerSlot &) = delete;
  TimerSlot & operator=(const TimerSlot &) = delete;

  /// Takes the timer out of the queue and off its clock. Idempotent.
  void close() noexcept;

  /// Puts the timer at its next call time, or out of the queue if it is cancelled or its clock is a
  /// ROS clock that follows a topic (then only a jump makes it due).
  void schedule();  // throws RclError

  /// True if rcl says that the timer is due now.
  bool is_due() const;  // throws RclError

 private:
  friend class TimerQueue;
  static void on_jump(const rcl_time_jump_t * jump, bool before_jump, void * user_data) noexcept;

  TimerQueue & queue_;
  rcl_timer_t * timer_;
  rcl_clock_t * clock_ = nullptr;
  Ready & ready_;
  int base_ = -1;  // index of the time base that it is scheduled on, or -1
  std::int64_t due_ = 0;
};

/// The timers of one executor. The loop's thread only.
class TimerQueue {
 public:
  static constexpr std::int64_t kNever = INT64_MAX;

  explicit TimerQueue(bool portable = false);  // throws std::system_error
  ~TimerQueue() { close(); }
  TimerQueue(const TimerQueue &) = delete;
  TimerQueue & operator=(const TimerQueue &) = delete;

  /// Gives the fds back; timers are due no more. Idempotent.
  void close() noexcept;

  /// The fds to poll, one per clock; none where the system has no timerfd (or if `portable`): then
  /// call collect() at next_due_in().
  std::vector<int> fds() const;

  /// Makes all timers ready that are due. Cheap while none is: one look at each clock in use.
  void collect() noexcept;

  /// Call when one of fds() is readable: collects, and arms the fds for what is left.
  void on_readable() noexcept;

  /// Nanoseconds until the first timer is due, 0 if one is, kNever if there is none.
  std::int64_t next_due_in() const noexcept;

 private:
  friend class TimerSlot;

  /// Steady time and system time each have their own queue and fd.
  struct TimeBase {
    std::int64_t (*now)() noexcept;
    int clock_id;
    int fd = -1;
    std::int64_t armed = kNever;
    std::set<std::pair<std::int64_t, TimerSlot *>> slots;
  };

  void insert(TimerSlot & slot, int base, std::int64_t due);
  void remove(TimerSlot & slot) noexcept;
  void arm(TimeBase & base) noexcept;

  TimeBase bases_[2];
};

}  // namespace aiorcl
