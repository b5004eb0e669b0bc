// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A waitable that says itself when it is ready, as rclcpp's do: no wait set.
#include "entities/driven_waitable.hpp"

#include <utility>

#include "dispatch/names.hpp"
#include "events/steady_time.hpp"

namespace nb = nanobind;

namespace aiorcl {

DrivenWaitable::DrivenWaitable(Dispatcher & dispatcher, nb::object waitable, nb::object group,
                               std::string label)
    : Entity(dispatcher, waitable, waitable, std::move(group), std::move(label)) {}

void DrivenWaitable::listen() {
  at_close(attribute(rclpy_entity(), names().clear_on_ready_callback));
  rclpy_entity().attr("set_on_ready_callback")(self().attr("poke"));
}

Outcome DrivenWaitable::run(Hooks hooks, Claim & claim) {
  claim.settle(1);
  nb::object result;
  taken_ = false;
  try {
    result = call_method(hooks, names().take_driven_waitable, self());
  } catch (...) {
    if (!taken_) fails(1, steady_now());
    throw;
  }
  if (result.ptr() == Py_False) return Outcome::kNothing;
  return start(hooks, result);
}

}  // namespace aiorcl
