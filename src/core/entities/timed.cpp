// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Base of what an rcl timer makes ready.
#include "entities/timed.hpp"

#include <utility>

#include "events/steady_time.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

Timed::Timed(Dispatcher & dispatcher, nb::object object, nb::object in_use, nb::object group,
             std::string label)
    : Entity(dispatcher, std::move(object), std::move(in_use), std::move(group), std::move(label)) {
}

void Timed::watch(rcl_timer_t * timer) {
  timer_ = timer;
  slot_ = add_source<TimerSlot>(*timers_, timer);
  // Not by rmw: rcl calls this one on the thread that resets the timer.
  resets_ = add_source<Watch>(Source::kTimerReset, timer);
  // A loop without timer fds learns in its next drain when the timer is due; and a result of an
  // action server may wait already.
  poke();
}

void Timed::schedule() {
  if (!closed()) slot_->schedule();
  scheduled_ = true;
}

bool Timed::is_due() const {
  bool canceled = false;
  check(rcl_timer_is_canceled(timer_, &canceled), "look at a timer");
  return !canceled && slot_->is_due();
}

bool Timed::has_something(Hooks, Claim & claim) {
  const std::uint64_t seen = claim.pending();
  try {
    if (is_due()) return true;
  } catch (const RclError &) {
    return true;  // run() says why
  }
  claim.settle(seen);
  schedule();
  return false;
}

Outcome Timed::run(Hooks hooks, Claim & claim) {
  claim.settle(claim.pending());
  scheduled_ = false;
  try {
    if (!is_due()) {
      schedule();
      return Outcome::kNothing;
    }
    return run_due(hooks);
  } catch (...) {
    if (!scheduled_) fails(1, steady_now());  // it is in no queue
    throw;
  }
}

}  // namespace aiorcl
