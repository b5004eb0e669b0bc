// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A sleeper: calls a function once when its clock has reached a time.
#include "entities/alarm.hpp"

#include <utility>

namespace nb = nanobind;

namespace aiorcl {

Alarm::Alarm(Dispatcher & dispatcher, nb::object clock, std::int64_t until, nb::object done)
    : Entity(dispatcher, std::move(done), clock.attr("handle"), nb::none(), "clock") {
  slot_.emplace(*timers_, static_cast<rcl_clock_t *>(pointer()), until, *ready_);
}

Alarm::~Alarm() {
  slot_.reset();
}

void Alarm::unwatch() {
  slot_.reset();
}

Outcome Alarm::run(Hooks) {
  if (ready_->handled(ready_->pending.load(std::memory_order_acquire))) queue_->requeue(*ready_);
  const bool source_changed = slot_->source_changed();
  if (!source_changed && !slot_->is_due()) {
    slot_->schedule();
    return Outcome::kNothing;
  }
  close();
  nb::object result = rclpy_entity()(source_changed);
  return result.ptr() == Py_False ? Outcome::kNothing : Outcome::kCalled;
}

}  // namespace aiorcl
