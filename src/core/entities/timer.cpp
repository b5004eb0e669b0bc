// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A timer: calls the callback when rcl says that it is due.
#include "entities/timer.hpp"

#include "dispatch/names.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

Timer::Timer(Dispatcher & dispatcher, nb::object timer, nb::object group, std::string label)
    : Entity(dispatcher, timer, timer.attr("handle"), std::move(group), std::move(label)),
      timer_(static_cast<rcl_timer_t *>(pointer())) {
  slot_.emplace(*timers_, timer_, *ready_);
  // Not by rmw: rcl calls this one on the thread that resets the timer.
  resets_.emplace(Source::kTimerReset, timer_, *ready_);
  poke();  // a loop without timer fds learns in its next drain when the timer is due
}

Timer::~Timer() {
  resets_.reset();
  slot_.reset();
}

void Timer::unwatch() {
  resets_.reset();
  slot_.reset();
}

Outcome Timer::run(Hooks hooks) {
  if (ready_->handled(ready_->pending.load(std::memory_order_acquire))) queue_->requeue(*ready_);
  // Due, reset or jumped: rcl knows which, and whether it was cancelled meanwhile.
  bool canceled = false;
  check(rcl_timer_is_canceled(timer_, &canceled), "look at a timer");
  if (canceled || !slot_->is_due()) {
    slot_->schedule();
    return Outcome::kNothing;
  }
  rcl_timer_call_info_t info{};
  check(rcl_timer_call_with_info(timer_, &info), "call a timer");
  slot_->schedule();
  nb::object callback = attribute(rclpy_entity(), names().callback);
  if (callback.is_none()) return Outcome::kCalled;
  if (callback.ptr() != known_callback_.ptr()) {
    nb::object name = hooks.attr("_timer_argument")(callback);
    info_argument_ = name.is_none() ? nb::none() : nb::object(nb::make_tuple(name));
    known_callback_ = callback;
  }
  if (info_argument_.is_none()) return call(hooks, callback.ptr(), nullptr, 0);
  nb::object timer_info =
      hooks.attr("_timer_info")(rclpy_entity(), info.expected_call_time, info.actual_call_time);
  PyObject * args[] = {timer_info.ptr()};
  return call(hooks, callback.ptr(), args, 0, info_argument_.ptr());
}

int Timer::traverse(visitproc visit, void * arg) {
  Py_VISIT(known_callback_.ptr());
  return Entity::traverse(visit, arg);
}

void Timer::clear() {
  Entity::clear();
  known_callback_.reset();
}

}  // namespace aiorcl
