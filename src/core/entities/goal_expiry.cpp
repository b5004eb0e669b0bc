// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The timer by which an action server forgets the results of goals that ended long ago.
#include "entities/goal_expiry.hpp"

#include <rcl/wait.h>

#include <utility>

#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

rcl_timer_t * only_timer_of(std::uintptr_t wait_set) {
  const auto & set = *reinterpret_cast<const rcl_wait_set_t *>(wait_set);
  if (set.size_of_timers != 1 || set.timers[0] == nullptr) {
    throw nb::value_error("An action server has one timer");
  }
  return const_cast<rcl_timer_t *>(set.timers[0]);
}

}  // namespace

GoalExpiry::GoalExpiry(Dispatcher & dispatcher, nb::object server, nb::object handle,
                       std::string label, std::uintptr_t wait_set, nb::object expire)
    : Entity(dispatcher, std::move(server), std::move(handle), nb::none(), std::move(label)),
      timer_(only_timer_of(wait_set)),
      expire_(std::move(expire)) {
  slot_.emplace(*timers_, timer_, *ready_);
  resets_.emplace(Source::kTimerReset, timer_, *ready_);
  poke();  // a result may wait already
}

GoalExpiry::~GoalExpiry() {
  resets_.reset();
  slot_.reset();
}

void GoalExpiry::unwatch() {
  resets_.reset();
  slot_.reset();
}

Outcome GoalExpiry::run(Hooks) {
  if (ready_->handled(ready_->pending.load(std::memory_order_acquire))) queue_->requeue(*ready_);
  bool canceled = false;
  check(rcl_timer_is_canceled(timer_, &canceled), "look at a timer");
  if (canceled || !slot_->is_due()) {
    slot_->schedule();
    return Outcome::kNothing;
  }
  expire_();
  if (!closed()) slot_->schedule();
  return Outcome::kCalled;
}

int GoalExpiry::traverse(visitproc visit, void * arg) {
  Py_VISIT(expire_.ptr());
  return Entity::traverse(visit, arg);
}

void GoalExpiry::clear() {
  Entity::clear();
  expire_.reset();
}

}  // namespace aiorcl
