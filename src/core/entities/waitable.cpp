// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A waitable: whatever rcl entities it adds to a wait set wake it.
#include "entities/waitable.hpp"

#include <utility>

#include "dispatch/names.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

Waitable::Waitable(Dispatcher & dispatcher, nb::object waitable, nb::object group,
                   std::string label, std::uintptr_t wait_set, std::shared_ptr<GuardThreads> guards)
    : Entity(dispatcher, waitable, waitable, std::move(group), std::move(label)),
      guard_threads_(std::move(guards)) {
  const auto & set = *reinterpret_cast<const rcl_wait_set_t *>(wait_set);
  auto watch = [&](Source source, auto ** entities, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      if (entities[i] == nullptr) continue;
      watches_.emplace_back(source, entities[i], *ready_);
    }
  };
  try {
    watch(Source::kSubscription, set.subscriptions, set.size_of_subscriptions);
    watch(Source::kClient, set.clients, set.size_of_clients);
    watch(Source::kService, set.services, set.size_of_services);
    for (std::size_t i = 0; i < set.size_of_events; ++i) {
      if (set.events[i] != nullptr) events_.emplace_back(set.events[i], i, *ready_);
    }
    for (std::size_t i = 0; i < set.size_of_timers; ++i) {
      if (set.timers[i] == nullptr) continue;
      slots_.emplace_back(*timers_, const_cast<rcl_timer_t *>(set.timers[i]), *ready_);
    }
    for (std::size_t i = 0; i < set.size_of_guard_conditions; ++i) {
      if (set.guard_conditions[i] == nullptr) continue;
      Guard & guard = guards_.emplace_back();
      guard.guard = set.guard_conditions[i];
      guard.index = i;
      guard_threads_->add(guard.guard, *ready_, &guard.fired);
    }
  } catch (...) {
    stop();
    throw;
  }
  poke();  // it may have been ready before it was watched
}

Waitable::~Waitable() {
  stop();
}

void Waitable::unwatch() {
  stop();
}

void Waitable::stop() noexcept {
  watches_.clear();
  events_.clear();
  slots_.clear();
  for (const Guard & guard : guards_) guard_threads_->remove(guard.guard, *ready_);
  guards_.clear();
}

Outcome Waitable::run(Hooks hooks) {
  if (ready_->handled(ready_->pending.load(std::memory_order_acquire))) queue_->requeue(*ready_);
  nb::object coroutine = hooks.attr("_take_waitable")(nb::find(this));
  if (!closed()) {
    for (TimerSlot & slot : slots_) slot.schedule();
  }
  if (coroutine.ptr() == Py_False) return Outcome::kNothing;
  if (!closed()) poke();  // one take may leave more: ready until it says that it is not
  if (!is_coroutine(coroutine.ptr())) return Outcome::kCalled;
  call_method(hooks, names().start_callback, self(), coroutine);
  return Outcome::kStarted;
}

void Waitable::restore(std::uintptr_t wait_set) {
  auto & set = *reinterpret_cast<rcl_wait_set_t *>(wait_set);
  for (Guard & guard : guards_) {
    if (guard.fired.exchange(false) && guard.index < set.size_of_guard_conditions) {
      set.guard_conditions[guard.index] = guard.guard;
    }
  }
  for (Event & event : events_) {
    const std::uint64_t count = event.watch.count();
    const bool fired = count != std::exchange(event.seen, count);
    if (event.index >= set.size_of_events || (first_run_ && !fired)) continue;
    set.events[event.index] = fired ? event.event : nullptr;
  }
  first_run_ = false;
}

}  // namespace aiorcl
