// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// How many callbacks of a callback group may run at a time.
#include "dispatch/group.hpp"

#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "dispatch/names.hpp"

namespace nb = nanobind;

namespace aiorcl {

Group::Group(std::shared_ptr<ReadyQueue> queue, std::size_t limit)
    : queue_(std::move(queue)), limit_(limit) {
  if (limit == 0) throw nb::value_error("A callback group needs a limit of at least 1");
}

Group::Group(std::shared_ptr<ReadyQueue> queue, std::size_t limit, nb::object group_workers)
    : Group(std::move(queue), limit) {
  workers = std::move(group_workers);
}

Group::Group(std::shared_ptr<ReadyQueue> queue, nb::object group_rules, nb::object group_workers)
    : rules(std::move(group_rules)), queue_(std::move(queue)), limit_(SIZE_MAX) {
  if (!group_workers.is_none()) workers = std::move(group_workers);
}

bool Group::begin_if_permitted(nb::handle entity) {
  const nb::object asked = rules;  // the garbage collector may take it from us meanwhile
  if (!is_true(call_method(asked, names().can_execute, entity)) ||
      !is_true(call_method(asked, names().beginning_execution, entity))) {
    return false;
  }
  ++running_;
  return true;
}

void Group::tell_ending(nb::handle entity) const {
  call_method(nb::object(rules), names().ending_execution, entity);
}

void Group::park(Retry & retry) {
  auto place = asked_.end();
  while (place != asked_.begin() && (*std::prev(place))->since() > retry.since()) --place;
  retry.place = asked_.insert(place, &retry);
}

void Group::forget(Retry & retry) noexcept {
  if (retry.place) asked_.erase(*std::exchange(retry.place, std::nullopt));
}

void Group::again() noexcept {
  if (!parked_.empty()) {  // or each call would pay for an empty deque, which takes memory
    // By push, as a coroutine may end while the consumer sleeps.
    std::deque<Claim> parked;
    parked.swap(parked_);
    for (Claim & claim : parked) claim.push();
  }
  if (!asked_.empty()) {
    for (Retry * retry : std::exchange(asked_, {})) {
      retry->place.reset();
      retry->again();
    }
  }
}

}  // namespace aiorcl
