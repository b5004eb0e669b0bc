// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// How many callbacks of a callback group may run at a time.
#include "dispatch/group.hpp"

#include <cstdint>
#include <utility>

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

Group::Group(std::shared_ptr<ReadyQueue> queue, nb::object group_rules)
    : rules(std::move(group_rules)), queue_(std::move(queue)), limit_(SIZE_MAX) {}

Group::~Group() {
  // Entities hold their group, so whatever is parked still belongs to none.
  for (Ready * ready : parked_) delete ready;
}

bool Group::begin(nb::handle entity) {
  if (running_ >= limit_) return false;
  if (rules.is_valid() && !(nb::cast<bool>(rules.attr("can_execute")(entity)) &&
                            nb::cast<bool>(rules.attr("beginning_execution")(entity)))) {
    return false;
  }
  ++running_;
  return true;
}

void Group::end(nb::handle entity) {
  --running_;
  if (!parked_.empty()) {  // or each call would pay for an empty deque, which takes memory
    // By push, not requeue: a coroutine may end while the consumer sleeps.
    for (Ready * ready : std::exchange(parked_, {})) queue_->push(*ready);
  }
  if (rules.is_valid()) rules.attr("ending_execution")(entity);
}

}  // namespace aiorcl
