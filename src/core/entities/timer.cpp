// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A timer: calls the callback when rcl says that it is due.
#include "entities/timer.hpp"

#include <utility>

#include "dispatch/names.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

Timer::Timer(Dispatcher & dispatcher, nb::object timer, nb::object group, std::string label)
    : Timed(dispatcher, timer, timer.attr("handle"), std::move(group), std::move(label)) {
  watch(static_cast<rcl_timer_t *>(pointer()));
}

Outcome Timer::run_due(Hooks hooks) {
  rcl_timer_call_info_t info{};
  check(rcl_timer_call_with_info(timer(), &info), "call a timer");
  schedule();
  nb::object callback = attribute(rclpy_entity(), names().callback);
  if (callback.is_none()) return Outcome::kCalled;
  if (!callback_.is(callback)) {
    nb::object name = call_method(hooks, names().timer_argument, callback);
    info_argument_ = name.is_none() ? nb::none() : nb::object(nb::make_tuple(name));
    callback_.see(callback);
  }
  if (info_argument_.is_none()) return call(hooks, callback.ptr(), nullptr, 0);
  nb::object timer_info =
      call_method(hooks, names().timer_info, rclpy_entity(), nb::int_(info.expected_call_time),
                  nb::int_(info.actual_call_time));
  PyObject * args[] = {timer_info.ptr()};
  return call(hooks, callback.ptr(), args, 0, info_argument_.ptr());
}

int Timer::traverse(visitproc visit, void * arg) {
  Py_VISIT(callback_.ptr());
  return Entity::traverse(visit, arg);
}

void Timer::clear() noexcept {
  Entity::clear();
  callback_.clear();
}

}  // namespace aiorcl
