// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The timer by which an action server forgets the results of goals that ended long ago.
#include "entities/goal_expiry.hpp"

#include <rcl/wait.h>

#include <utility>

#include "dispatch/names.hpp"

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
    : Timed(dispatcher, std::move(server), std::move(handle), nb::none(), std::move(label)),
      expire_(std::move(expire)) {
  watch(only_timer_of(wait_set));
}

Outcome GoalExpiry::run_due(Hooks) {
  call_object(expire_);  // sets the timer for the next result; if it raises it is tried again later
  schedule();
  return Outcome::kCalled;
}

int GoalExpiry::traverse(visitproc visit, void * arg) {
  Py_VISIT(expire_.ptr());
  return Entity::traverse(visit, arg);
}

void GoalExpiry::clear() noexcept {
  Entity::clear();
  nb::object expire = std::move(expire_);
}

}  // namespace aiorcl
