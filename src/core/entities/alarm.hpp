// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A sleeper: calls a function once when its clock has reached a time.
#pragma once

#include "dispatch/entity.hpp"

namespace aiorcl {

class Alarm final : public Entity {
 public:
  /// Calls `done(source_changed)` once, on the thread that runs the dispatcher, when `clock`, an
  /// rclpy Clock, has reached `until` (nanoseconds), or has changed its source before. close() it
  /// earlier and it calls nothing. A callable that returns False did nothing that spin_once counts.
  Alarm(Dispatcher & dispatcher, nanobind::object clock, std::int64_t until, nanobind::object done);

  Outcome run(Hooks hooks, Claim & claim) override;

 private:
  TimerSlot * slot_;
};

}  // namespace aiorcl
