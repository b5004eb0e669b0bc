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

Outcome Timed::run(Hooks hooks, Claim & claim) {
  claim.settle(claim.pending());
  scheduled_ = false;
  try {
    // Due, reset or jumped: rcl knows which, and whether it was cancelled meanwhile.
    bool canceled = false;
    check(rcl_timer_is_canceled(timer_, &canceled), "look at a timer");
    if (canceled || !slot_->is_due()) {
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
