// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// One part of an action client or server: what rcl_action tells of by one event callback.
#include "dispatch/action_part.hpp"

#include <utility>

#include "dispatch/names.hpp"

namespace nb = nanobind;

namespace aiorcl {

ActionPart::ActionPart(Dispatcher & dispatcher, nb::object action, nb::object handle,
                       nb::object group, std::string label, Source source, nb::object take,
                       nb::object execute)
    : Entity(dispatcher, std::move(action), std::move(handle), std::move(group), std::move(label)),
      source_(source),
      take_(std::move(take)),
      execute_(std::move(execute)) {
  watch_.emplace(source, pointer(), *ready_);
  poke();  // for the backlog, see Entity::settle()
}

ActionPart::~ActionPart() {
  watch_.reset();
}

void ActionPart::unwatch() {
  watch_.reset();
}

Outcome ActionPart::run(Hooks hooks) {
  // As a subscription, a service and a client do, for the same reasons.
  const bool topic = source_ == Source::kActionFeedback || source_ == Source::kActionStatus;
  const std::uint64_t seen = topic ? ready_->pending.load(std::memory_order_acquire) : 1;
  nb::object data;
  try {
    data = take_();
  } catch (...) {
    settle(true, seen);
    throw;
  }
  settle(!data.is_none(), seen);
  if (data.is_none()) return Outcome::kNothing;
  nb::object result = execute_(data);
  if (!is_coroutine(result.ptr())) return Outcome::kCalled;
  call_method(hooks, names().start_callback, self(), result);
  return Outcome::kStarted;
}

int ActionPart::traverse(visitproc visit, void * arg) {
  Py_VISIT(take_.ptr());
  Py_VISIT(execute_.ptr());
  return Entity::traverse(visit, arg);
}

void ActionPart::clear() {
  Entity::clear();
  take_.reset();
  execute_.reset();
}

}  // namespace aiorcl
