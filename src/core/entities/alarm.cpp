// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A sleeper: calls a function once when its clock has reached a time.
#include "entities/alarm.hpp"

#include <utility>

#include "dispatch/names.hpp"
#include "events/steady_time.hpp"

namespace nb = nanobind;

namespace aiorcl {

Alarm::Alarm(Dispatcher & dispatcher, nb::object clock, std::int64_t until, nb::object done)
    : Entity(dispatcher, std::move(done), clock.attr("handle"), nb::none(), "clock") {
  slot_ = add_source<TimerSlot>(*timers_, static_cast<rcl_clock_t *>(pointer()), until);
}

Outcome Alarm::run(Hooks, Claim & claim) {
  claim.settle(claim.pending());
  const bool source_changed = slot_->source_changed();
  try {
    if (!source_changed && !slot_->is_due()) {
      slot_->schedule();
      return Outcome::kNothing;
    }
  } catch (...) {
    fails(1, steady_now());  // it is in no queue
    throw;
  }
  nb::object done = nb::borrow(rclpy_entity());
  close();
  nb::object result = call_object(done, nb::bool_(source_changed));
  return result.ptr() == Py_False ? Outcome::kNothing : Outcome::kCalled;
}

}  // namespace aiorcl
