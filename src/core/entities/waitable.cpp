// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A waitable: whatever rcl entities it adds to a wait set wake it.
#include "entities/waitable.hpp"

#include <algorithm>
#include <utility>

#include "dispatch/names.hpp"
#include "entities/wait_set.hpp"
#include "events/steady_time.hpp"

namespace nb = nanobind;

namespace aiorcl {

Waitable::Waitable(Dispatcher & dispatcher, nb::object waitable, nb::object in_use,
                   nb::object group, std::string label, std::uintptr_t wait_set,
                   std::shared_ptr<GuardThreads> guards)
    : Entity(dispatcher, std::move(waitable), std::move(in_use), std::move(group),
             std::move(label)) {
  const auto & set = *reinterpret_cast<const rcl_wait_set_t *>(wait_set);
  const auto watch = [this](Source source, auto ** entities, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      if (entities[i] != nullptr) add_source<Watch>(source, entities[i]);
    }
  };
  watch(Source::kSubscription, set.subscriptions, set.size_of_subscriptions);
  watch(Source::kClient, set.clients, set.size_of_clients);
  watch(Source::kService, set.services, set.size_of_services);
  watch(Source::kTimerReset, set.timers, set.size_of_timers);
  for (std::size_t i = 0; i < set.size_of_events; ++i) {
    if (set.events[i] == nullptr) continue;
    events_.push_back({set.events[i], i, add_source<Watch>(Source::kEvent, set.events[i])});
  }
  for (std::size_t i = 0; i < set.size_of_timers; ++i) {
    if (set.timers[i] == nullptr) continue;
    slots_.push_back(add_source<TimerSlot>(*timers_, const_cast<rcl_timer_t *>(set.timers[i])));
  }
  for (std::size_t i = 0; i < set.size_of_guard_conditions; ++i) {
    if (set.guard_conditions[i] == nullptr) continue;
    guards_.push_back(
        {add_source<FollowedGuard>(guards, set.guard_conditions[i], FollowedGuard::Flag::kYes), i});
  }
  poke();  // it may have been ready before it was watched
}

bool Waitable::has_something(Hooks hooks, Claim & claim) {
  if (is_ready_) return true;  // refused since: what is_ready() may have consumed is not asked for
  const std::uint64_t seen = claim.pending();
  begin_look();
  try {
    is_ready_ = is_true(call_method(hooks, names().is_waitable_ready, self()));
    if (is_ready_) {
      take_back();  // until run(): the group may refuse it, or its code let go of it
      return true;
    }
    first_run_ = false;
    claim.settle(seen);
    schedule();
    return false;
  } catch (...) {
    take_back();
    claim.settle(seen);
    fails(1, steady_now());  // its timers are in no queue
    throw;
  }
}

Outcome Waitable::run(Hooks hooks, Claim & claim) {
  claim.settle(claim.pending());
  nb::object coroutine;
  try {
    coroutine = take(hooks);
    schedule();
  } catch (...) {
    // Its timers are in no queue, and more may be there.
    if (taken_) {
      later(1, steady_now());
    } else {
      fails(1, steady_now());
    }
    throw;
  }
  if (coroutine.ptr() == Py_False) return Outcome::kNothing;
  poke();  // one take may leave more: ready until it says that it is not
  return start(hooks, coroutine);
}

nb::object Waitable::take(Hooks hooks) {
  PyObject * method = names().take_waitable;
  if (std::exchange(is_ready_, false)) {
    take_shown();
    method = names().take_ready_waitable;
  } else {
    begin_look();
  }
  taken_ = false;
  try {
    nb::object result = call_method(hooks, method, self());
    first_run_ = false;
    return result;
  } catch (...) {
    if (!taken_) take_back();
    throw;
  }
}

void Waitable::begin_look() noexcept {
  for (Guard & guard : guards_) guard.shown = false;
  for (Event & event : events_) event.shown = event.seen_before = event.seen;
}

void Waitable::take_shown() noexcept {
  for (Guard & guard : guards_) {
    if (guard.shown) guard.source->fired = false;
  }
  for (Event & event : events_) event.seen = event.shown;
}

void Waitable::take_back() {
  if (closed()) return;
  for (Guard & guard : guards_) {
    if (guard.shown) guard.source->fired = true;
  }
  for (Event & event : events_) event.seen = event.seen_before;
}

void Waitable::schedule() {
  if (closed()) return;
  for (TimerSlot * slot : slots_) slot->schedule();
}

bool Waitable::is_followed(const rcl_guard_condition_t * guard) const noexcept {
  if (closed()) return false;  // by what has_something() was in: the sources are gone
  return std::any_of(guards_.begin(), guards_.end(),
                     [guard](const Guard & each) { return each.source->get() == guard; });
}

void Waitable::look(std::uintptr_t wait_set) {
  auto & set = *reinterpret_cast<rcl_wait_set_t *>(wait_set);
  for (std::size_t i = 0; i < set.size_of_guard_conditions; ++i) {
    if (is_followed(set.guard_conditions[i])) set.guard_conditions[i] = nullptr;
  }
  WaitSet::Size room;
  room.subscriptions = set.size_of_subscriptions;
  room.guard_conditions = set.size_of_guard_conditions;
  room.timers = set.size_of_timers;
  room.clients = set.size_of_clients;
  room.services = set.size_of_services;
  room.events = set.size_of_events;
  WaitSet own(ros_context(), room);
  if (!own.is_made()) check(RCL_RET_NOT_INIT, "look at a waitable", label());
  rcl_wait_set_t & looked = own.set();
  const auto for_each_kind = [&set, &looked](auto && visit) {
    visit(set.subscriptions, set.size_of_subscriptions, looked.subscriptions,
          rcl_wait_set_add_subscription);
    visit(set.guard_conditions, set.size_of_guard_conditions, looked.guard_conditions,
          rcl_wait_set_add_guard_condition);
    visit(set.timers, set.size_of_timers, looked.timers, rcl_wait_set_add_timer);
    visit(set.clients, set.size_of_clients, looked.clients, rcl_wait_set_add_client);
    visit(set.services, set.size_of_services, looked.services, rcl_wait_set_add_service);
    visit(set.events, set.size_of_events, looked.events, rcl_wait_set_add_event);
  };
  std::size_t count = 0;
  for_each_kind([&](auto ** entities, std::size_t size, auto **, auto add) {
    for (std::size_t i = 0; i < size; ++i) {
      if (entities[i] == nullptr) continue;
      check(add(&looked, entities[i], nullptr), "look at a waitable", label());
      ++count;
    }
  });
  if (count > 0) {
    check_unless(rcl_wait(&looked, 0), RCL_RET_TIMEOUT, "look at a waitable", label());
    for_each_kind([](auto ** entities, std::size_t size, auto ** found, auto) {
      for (std::size_t i = 0; i < size; ++i) {
        if (entities[i] != nullptr && *found++ == nullptr) entities[i] = nullptr;
      }
    });
  }
  if (!closed()) restore(set);
}

void Waitable::restore(rcl_wait_set_t & set) {
  for (Guard & guard : guards_) {
    if (guard.index >= set.size_of_guard_conditions) continue;
    const rcl_guard_condition_t *& place = set.guard_conditions[guard.index];
    if (guard.source->fired.exchange(false)) place = guard.source->get();
    guard.shown = place != nullptr;
  }
  for (Event & event : events_) {
    const std::uint64_t count = event.source->count();
    const bool fired = count != std::exchange(event.seen, count);
    event.shown = count;
    if (event.index >= set.size_of_events || (first_run_ && !fired)) continue;
    set.events[event.index] = fired ? event.event : nullptr;
  }
}

}  // namespace aiorcl
