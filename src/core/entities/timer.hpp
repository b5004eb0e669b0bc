// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A timer: calls the callback when rcl says that it is due.
#pragma once

#include "entities/timed.hpp"
#include "python/seen.hpp"

namespace aiorcl {

class Timer final : public Timed {
 public:
  /// `timer` is an rclpy Timer.
  Timer(Dispatcher & dispatcher, nanobind::object timer, nanobind::object group, std::string label);

  int traverse(visitproc visit, void * arg) override;
  void clear() noexcept override;

 protected:
  /// hooks.timer_argument(callback) names the parameter that wants a TimerInfo, or None; asked
  /// once for each callback. hooks.timer_info(timer, expected_ns, actual_ns) makes it.
  Outcome run_due(Hooks hooks) override;

 private:
  Seen callback_;  // not kept: the user may replace it, and never call the timer again
  nanobind::object info_argument_;  // a tuple with its name, or None
};

}  // namespace aiorcl
