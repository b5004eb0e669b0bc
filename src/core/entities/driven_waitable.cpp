// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A waitable that says itself when it is ready, as rclcpp's do: no wait set.
#include "entities/driven_waitable.hpp"

#include <utility>

#include "dispatch/names.hpp"

namespace nb = nanobind;

namespace aiorcl {

DrivenWaitable::DrivenWaitable(Dispatcher & dispatcher, nb::object waitable, nb::object group,
                               std::string label)
    : Entity(dispatcher, waitable, waitable, std::move(group), std::move(label)) {}

DrivenWaitable::~DrivenWaitable() {
  unwatch();
}

void DrivenWaitable::listen() {
  listens_ = true;
  rclpy_entity().attr("set_on_ready_callback")(self().attr("poke"));
}

void DrivenWaitable::unwatch() {
  if (!std::exchange(listens_, false)) return;
  try {
    rclpy_entity().attr("clear_on_ready_callback")();
  } catch (nb::python_error & error) {
    error.discard_as_unraisable("letting go of a waitable");
  }
}

Outcome DrivenWaitable::run(Hooks hooks) {
  if (ready_->handled(1)) queue_->requeue(*ready_);
  nb::object result = hooks.attr("_take_driven_waitable")(self());
  if (result.ptr() == Py_False) return Outcome::kNothing;
  if (!is_coroutine(result.ptr())) return Outcome::kCalled;
  call_method(hooks, names().start_callback, self(), result);
  return Outcome::kStarted;
}

}  // namespace aiorcl
