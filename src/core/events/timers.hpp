// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Due times of rcl timers, by clock; an fd per clock that is readable when the first of them is
// due.
#pragma once

#include <rcl/time.h>
#include <rcl/timer.h>

#include <atomic>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "events/fd.hpp"
#include "events/process.hpp"
#include "events/ready_queue.hpp"

namespace aiorcl {

class TimerQueue;

/// A slot of the queue: makes its Ready ready once, when a time has come. Who derives from it says
/// when. The loop's thread only.
class Due {
 public:
  Due(const Due &) = delete;
  Due & operator=(const Due &) = delete;

 protected:
  Due(TimerQueue & queue, Ready & ready) : queue_(queue), ready_(ready) {}
  ~Due() = default;  // who derives from it takes it out of the queue first

  /// True until its time has come, or it was taken out of the queue.
  bool waits() const noexcept { return base_ >= 0; }

  TimerQueue & queue_;
  Ready & ready_;

 private:
  friend class TimerQueue;

  int base_ = -1;  // index of the time base that it is in, or -1
  std::int64_t due_ = 0;
};

/// The slot of an rcl timer, or of a time that somebody waits for. Makes its Ready ready when that
/// may be due: when the time has come, when the timer was reset, and when the clock jumped or
/// changed its source. Whoever handles that asks what is true now, and calls schedule() to wait on.
///
/// rcl documents the jump callbacks of a clock as not thread-safe: construct and close under the
/// lock that guards the clock (rclpy's is the GIL). Jumps come on the thread that sets the clock.
class TimerSlot final : public Due {
 public:
  /// `timer` outlives the slot.
  TimerSlot(TimerQueue & queue, rcl_timer_t * timer, Ready & ready);  // throws RclError

  /// `clock` outlives the slot; `until` is in nanoseconds of it.
  TimerSlot(TimerQueue & queue, rcl_clock_t * clock, std::int64_t until, Ready & ready);
  ~TimerSlot() { close(); }

  /// Takes it out of the queue and off its clock. Idempotent. In a forked child the clock is left
  /// alone.
  void close() noexcept;

  /// Waits for the time by what the clock goes by now: the next call of a timer, nothing if that is
  /// cancelled. On a ROS clock that follows a topic only a jump makes it due.
  void schedule();  // throws RclError

  /// True if it is due now. Throws RclError.
  bool is_due() const;

  /// True once ROS time was switched on or off: a time to wait until has lost its meaning.
  bool source_changed() const noexcept { return source_changed_.load(std::memory_order_acquire); }

 private:
  static void on_jump(const rcl_time_jump_t * jump, bool before_jump, void * user_data) noexcept;

  void watch_clock();

  const Process process_;
  rcl_timer_t * timer_ = nullptr;  // nullptr: it waits until `until_`
  rcl_clock_t * clock_ = nullptr;  // nullptr: closed
  std::int64_t until_ = 0;
  std::atomic<bool> source_changed_{false};
};

/// The timers of one executor. The loop's thread only. In a forked child its fds are left as they
/// are.
class TimerQueue {
 public:
  static constexpr std::int64_t kNever = INT64_MAX;

  /// What base_of() says of a ROS clock that follows a topic: only a jump moves it.
  static constexpr int kJumpsOnly = -1;

  /// What base_of() says of a steady clock; its time is steady_now().
  static constexpr int kSteady = 0;

  /// The time base that a clock goes by now, for insert().
  static int base_of(rcl_clock_t * clock);  // throws RclError

  explicit TimerQueue(bool portable = false);  // throws std::system_error
  TimerQueue(const TimerQueue &) = delete;
  TimerQueue & operator=(const TimerQueue &) = delete;

  /// Gives the fds back; timers are due no more. Idempotent.
  void close() noexcept;

  /// The fds to poll, one per clock; none where the system has no timerfd (or if `portable`): then
  /// call collect() at next_due_in().
  std::vector<int> fds() const;

  /// Makes all timers ready that are due. Cheap while none is: one look at each clock in use.
  void collect() noexcept;

  /// Call when `fd`, one of fds(), is readable: collects, and arms it for what is left.
  void on_readable(int fd) noexcept;

  /// Nanoseconds until the first timer is due, 0 if one is, kNever if there is none.
  std::int64_t next_due_in() const noexcept;

  /// Makes `slot`, which is in no queue, ready at `due`: nanoseconds of the time base.
  void insert(Due & slot, int base, std::int64_t due);

  /// Nothing if it is in no queue.
  void remove(Due & slot) noexcept;

 private:
  /// Steady time and system time each have their own queue and fd.
  struct TimeBase {
    std::int64_t (*now)() noexcept;
    int clock_id;
    Fd fd;
    std::int64_t armed = kNever;
    std::set<std::pair<std::int64_t, Due *>> slots;
  };

  void arm(TimeBase & base) noexcept;

  const Process process_;
  TimeBase bases_[2];
};

}  // namespace aiorcl
