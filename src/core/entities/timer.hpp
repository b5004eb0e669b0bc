// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A timer: calls the callback when rcl says that it is due.
#pragma once

#include <rcl/timer.h>

#include <optional>

#include "dispatch/entity.hpp"

namespace aiorcl {

class Timer final : public Entity {
 public:
  /// `timer` is an rclpy Timer.
  Timer(Dispatcher & dispatcher, nanobind::object timer, nanobind::object group, std::string label);
  ~Timer() override;

  /// hooks._timer_argument(callback) names the parameter that wants a TimerInfo, or None; asked
  /// once for each callback. hooks._timer_info(timer, expected_ns, actual_ns) makes it.
  Outcome run(Hooks hooks) override;

  int traverse(visitproc visit, void * arg) override;
  void clear() override;

 protected:
  void unwatch() override;
  std::uint64_t events() const noexcept override { return resets_ ? resets_->count() : 0; }

 private:
  rcl_timer_t * timer_;
  std::optional<TimerSlot> slot_;
  std::optional<Watch> resets_;
  nanobind::object known_callback_;
  nanobind::object info_argument_;  // a tuple with its name, or None
};

}  // namespace aiorcl
