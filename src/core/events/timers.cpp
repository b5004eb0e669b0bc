// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Due times of rcl timers, by clock.
#include "events/timers.hpp"

#include <unistd.h>

#include <ctime>

#ifdef __linux__
#include <sys/timerfd.h>
#endif

#include "rcl_error.hpp"

namespace aiorcl {

namespace {

constexpr int kSystem = 1;
constexpr std::int64_t kSecond = 1'000'000'000;

/// rcl's steady and system clocks are these two clocks of POSIX, with the same zero.
template <clockid_t id>
std::int64_t now() noexcept {
  timespec time{};
  ::clock_gettime(id, &time);
  return static_cast<std::int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
}

constexpr rcl_jump_threshold_t kAnyJump{true, {1}, {-1}};

}  // namespace

TimerSlot::TimerSlot(TimerQueue & queue, rcl_timer_t * timer, Ready & ready)
    : Due(queue, ready), timer_(timer) {
  check(rcl_timer_clock(timer, &clock_), "get the clock of a timer");
  watch_clock();
}

TimerSlot::TimerSlot(TimerQueue & queue, rcl_clock_t * clock, std::int64_t until, Ready & ready)
    : Due(queue, ready), clock_(clock), until_(until) {
  watch_clock();
}

void TimerSlot::watch_clock() {
  if (clock_->type == RCL_ROS_TIME) {
    check(rcl_clock_add_jump_callback(clock_, kAnyJump, &TimerSlot::on_jump, this),
          "watch a clock");
  }
  try {
    schedule();
  } catch (...) {
    close();  // the clock must not keep a callback for what never was
    throw;
  }
}

void TimerSlot::close() noexcept {
  if (clock_ == nullptr) return;
  queue_.remove(*this);
  if (clock_->type == RCL_ROS_TIME && process_.is_this()) {
    ignore(rcl_clock_remove_jump_callback(clock_, &TimerSlot::on_jump, this));
  }
  clock_ = nullptr;
}

void TimerSlot::schedule() {
  queue_.remove(*this);
  std::int64_t due = until_;
  if (timer_ != nullptr) {
    bool canceled = false;
    check(rcl_timer_is_canceled(timer_, &canceled), "look at a timer");
    if (canceled) return;
  }
  const int base = TimerQueue::base_of(clock_);
  if (base == TimerQueue::kJumpsOnly) {
    if (is_due()) ready_.add(1);
    return;
  }
  if (timer_ != nullptr && !check_unless(rcl_timer_get_next_call_time(timer_, &due),
                                         RCL_RET_TIMER_CANCELED, "look at a timer")) {
    return;  // cancelled by another thread meanwhile
  }
  queue_.insert(*this, base, due);
}

bool TimerSlot::is_due() const {
  if (timer_ != nullptr) {
    bool ready = false;
    check(rcl_timer_is_ready(timer_, &ready), "look at a timer");
    return ready;
  }
  rcl_time_point_value_t now = 0;
  check(rcl_clock_get_now(clock_, &now), "read a clock");
  return now >= until_;
}

/// Called on whichever thread sets the clock: enqueue only.
void TimerSlot::on_jump(const rcl_time_jump_t * jump, bool before_jump, void * user_data) noexcept {
  if (before_jump) return;
  auto & slot = *static_cast<TimerSlot *>(user_data);
  if (jump->clock_change == RCL_ROS_TIME_ACTIVATED ||
      jump->clock_change == RCL_ROS_TIME_DEACTIVATED) {
    slot.source_changed_.store(true, std::memory_order_release);
  }
  slot.ready_.add(1);
}

int TimerQueue::base_of(rcl_clock_t * clock) {
  if (clock->type == RCL_STEADY_TIME) return kSteady;
  bool follows_topic = false;
  if (clock->type == RCL_ROS_TIME) {
    check(rcl_is_enabled_ros_time_override(clock, &follows_topic), "look at a ROS clock");
  }
  return follows_topic ? kJumpsOnly : kSystem;
}

TimerQueue::TimerQueue([[maybe_unused]] bool portable)
    : bases_{{&now<CLOCK_MONOTONIC>, CLOCK_MONOTONIC, {}, kNever, {}},
             {&now<CLOCK_REALTIME>, CLOCK_REALTIME, {}, kNever, {}}} {
#ifdef __linux__
  if (portable) return;
  for (TimeBase & base : bases_) {
    base.fd = Fd(::timerfd_create(base.clock_id, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create");
  }
#endif
}

void TimerQueue::close() noexcept {
  for (TimeBase & base : bases_) base.fd.close();
}

std::vector<int> TimerQueue::fds() const {
  std::vector<int> fds;
  for (const TimeBase & base : bases_) {
    if (base.fd) fds.push_back(base.fd.get());
  }
  return fds;
}

void TimerQueue::insert(Due & slot, int base, std::int64_t due) {
  slot.base_ = base;
  slot.due_ = due;
  bases_[base].slots.emplace(due, &slot);
  arm(bases_[base]);
}

void TimerQueue::remove(Due & slot) noexcept {
  if (slot.base_ < 0) return;
  TimeBase & base = bases_[slot.base_];
  base.slots.erase({slot.due_, &slot});
  slot.base_ = -1;
  // The fd stays armed for a timer that is gone: one early wake-up, once, is cheaper than a system
  // call at each removal.
}

void TimerQueue::arm([[maybe_unused]] TimeBase & base) noexcept {
#ifdef __linux__
  if (!base.fd || base.slots.empty() || !process_.is_this()) return;
  const std::int64_t due = base.slots.begin()->first;
  if (due >= base.armed) return;
  base.armed = due;
  itimerspec spec{};
  // A time of zero disarms; the distant past does as well as zero for "now".
  const std::int64_t at = due > 0 ? due : 1;
  spec.it_value.tv_sec = static_cast<time_t>(at / kSecond);
  spec.it_value.tv_nsec = static_cast<long>(at % kSecond);
  int flags = TFD_TIMER_ABSTIME;
  if (base.clock_id == CLOCK_REALTIME) flags |= TFD_TIMER_CANCEL_ON_SET;
  ::timerfd_settime(base.fd.get(), flags, &spec, nullptr);
#endif
}

void TimerQueue::collect() noexcept {
  for (TimeBase & base : bases_) {
    if (base.slots.empty()) continue;
    const std::int64_t now = base.now();
    while (!base.slots.empty() && base.slots.begin()->first <= now) {
      Due & slot = *base.slots.begin()->second;
      remove(slot);
      slot.ready_.add(1);
    }
  }
}

void TimerQueue::on_readable(int fd) noexcept {
  collect();
  for (TimeBase & base : bases_) {
    if (!base.fd || base.fd.get() != fd || !process_.is_this()) continue;
    base.armed = kNever;
    if (base.slots.empty()) {
      // Also when nothing was due: setting the system clock makes the fd readable (ECANCELED).
      std::uint64_t expirations;
      [[maybe_unused]] auto got = ::read(fd, &expirations, sizeof expirations);
    } else {
      arm(base);  // which clears it as well
    }
  }
}

std::int64_t TimerQueue::next_due_in() const noexcept {
  std::int64_t first = kNever;
  for (const TimeBase & base : bases_) {
    if (base.slots.empty()) continue;
    const std::int64_t left = base.slots.begin()->first - base.now();
    if (left < first) first = left > 0 ? left : 0;
  }
  return first;
}

}  // namespace aiorcl
