// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A guard condition of a node: calls its callback when it is triggered.
#include "entities/guard_condition.hpp"

#include <utility>

#include "dispatch/names.hpp"
#include "entities/followed_guard.hpp"

namespace nb = nanobind;

namespace aiorcl {

GuardCondition::GuardCondition(Dispatcher & dispatcher, nb::object guard, nb::object group,
                               std::string label, std::shared_ptr<GuardThreads> guards)
    : Entity(dispatcher, guard, guard.attr("handle"), std::move(group), std::move(label)) {
  guard_ = add_source<FollowedGuard>(std::move(guards),
                                     static_cast<const rcl_guard_condition_t *>(pointer()),
                                     FollowedGuard::Flag::kNo);
}

void GuardCondition::give_back() {
  if (!closed()) guard_->gives_back = true;
}

void GuardCondition::trigger() {
  if (!closed()) return poke();
  by_rclpy(names().trigger, nb::handle(), "trigger");  // the user has kept this method
}

void GuardCondition::stand_in() {
  stand_in_for(names().trigger, nullptr, [](Entity & self, nb::handle) {
    static_cast<GuardCondition &>(self).trigger();
    return nb::object(nb::none());
  });
}

Outcome GuardCondition::run(Hooks hooks, Claim & claim) {
  // Any number of triggers before the call are one call, as under rclpy's executors.
  claim.settle(claim.pending());
  nb::object callback = attribute(rclpy_entity(), names().callback);
  return callback.is_none() ? Outcome::kCalled : call(hooks, callback.ptr(), nullptr, 0);
}

}  // namespace aiorcl
