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

/// A place in the queue: makes its Ready ready once, when a time has come. Who derives from it says
/// when. The loop's thread only.
class Due {
 public:
  Due(const Due &) = delete;
  Due & operator=(const Due &) = delete;

 protected:
  Due(TimerQueue & queue, Ready & ready) : queue_(queue), ready_(ready) {}
  ~Due() = default;  // who derives from it takes it out of the queue first

  TimerQueue & queue_;
  Ready & ready_;

 private:
  friend class TimerQueue;

  int base_ = -1;  // index of the time base that it is in, or -1
  std::int64_t due_ = 0;
};

/// One rcl timer's place in the queue. Makes its Ready ready when the timer is due, was reset, or
/// its clock jumped; whoever runs it asks rcl what is true now and schedules it again.
///
/// rcl documents the jump callbacks of a clock as not thread-safe: construct and close under the
/// lock that guards the clock (rclpy's is the GIL). Jumps come on the thread that sets the clock.
class TimerSlot final : public Due {
 public:
  /// `timer` outlives the slot.
  TimerSlot(TimerQueue & queue, rcl_timer_t * timer, Ready & ready);  // throws RclError
  ~TimerSlot() { close(); }

  /// Takes the timer out of the queue and off its clock. Idempotent.
  void close() noexcept;

  /// Puts the timer at its next call time, or out of the queue if it is cancelled or its clock is a
  /// ROS clock that follows a topic (then only a jump makes it due).
  void schedule();  // throws RclError

  /// True if rcl says that the timer is due now.
  bool is_due() const;  // throws RclError

 private:
  static void on_jump(const rcl_time_jump_t * jump, bool before_jump, void * user_data) noexcept;

  rcl_timer_t * timer_;
  rcl_clock_t * clock_ = nullptr;
};

/// The timers of one executor. The loop's thread only.
class TimerQueue {
 public:
  static constexpr std::int64_t kNever = INT64_MAX;

  /// What base_of() says of a ROS clock that follows a topic: only a jump moves it.
  static constexpr int kJumpsOnly = -1;

  /// The time base that a clock goes by now, for insert().
  static int base_of(rcl_clock_t * clock);  // throws RclError

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

  /// Makes `place`, which is in no queue, ready at `due`: nanoseconds of the time base.
  void insert(Due & place, int base, std::int64_t due);

  /// Nothing if it is in no queue.
  void remove(Due & place) noexcept;

 private:
  /// Steady time and system time each have their own queue and fd.
  struct TimeBase {
    std::int64_t (*now)() noexcept;
    int clock_id;
    int fd = -1;
    std::int64_t armed = kNever;
    std::set<std::pair<std::int64_t, Due *>> slots;
  };

  void arm(TimeBase & base) noexcept;

  TimeBase bases_[2];
};

}  // namespace aiorcl
