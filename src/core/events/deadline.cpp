// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A time of a clock, and whoever waits for it.
#include "events/deadline.hpp"

#include "rcl_error.hpp"

namespace aiorcl {

namespace {

constexpr rcl_jump_threshold_t kForwardOrSource{true, {1}, {0}};

}  // namespace

Deadline::Deadline(TimerQueue & queue, rcl_clock_t * clock, std::int64_t until, Ready & ready)
    : Due(queue, ready), clock_(clock), until_(until) {
  if (clock->type == RCL_ROS_TIME) {
    check(rcl_clock_add_jump_callback(clock, kForwardOrSource, &Deadline::on_jump, this),
          "watch a clock");
  }
  try {
    schedule();
  } catch (...) {
    close();  // the clock must not keep a callback for what never was
    throw;
  }
}

void Deadline::close() noexcept {
  if (clock_ == nullptr) return;
  queue_.remove(*this);
  if (clock_->type == RCL_ROS_TIME) {
    ignore(rcl_clock_remove_jump_callback(clock_, &Deadline::on_jump, this));
  }
  clock_ = nullptr;
}

void Deadline::schedule() {
  queue_.remove(*this);
  const int base = TimerQueue::base_of(clock_);
  if (base != TimerQueue::kJumpsOnly) {
    queue_.insert(*this, base, until_);
  } else if (is_reached()) {
    ready_.add(1);
  }
}

bool Deadline::is_reached() const {
  rcl_time_point_value_t now = 0;
  check(rcl_clock_get_now(clock_, &now), "read a clock");
  return now >= until_;
}

/// Called on whichever thread sets the clock: enqueue only.
void Deadline::on_jump(const rcl_time_jump_t * jump, bool before_jump, void * user_data) noexcept {
  if (before_jump) return;
  auto & deadline = *static_cast<Deadline *>(user_data);
  if (jump->clock_change == RCL_ROS_TIME_ACTIVATED ||
      jump->clock_change == RCL_ROS_TIME_DEACTIVATED) {
    deadline.source_changed_.store(true, std::memory_order_release);
  }
  deadline.ready_.add(1);
}

}  // namespace aiorcl
