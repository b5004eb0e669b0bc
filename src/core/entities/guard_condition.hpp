// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A guard condition of a node: calls its callback when it is triggered.
#pragma once

#include <memory>

#include "dispatch/entity.hpp"
#include "events/guards.hpp"

namespace aiorcl {

class GuardCondition final : public Entity {
 public:
  /// `guard` is an rclpy GuardCondition, whose trigger comes by way of `guards`.
  GuardCondition(Dispatcher & dispatcher, nanobind::object guard, nanobind::object group,
                 std::string label, std::shared_ptr<GuardThreads> guards);
  ~GuardCondition() override;

  Outcome run(Hooks hooks) override;

 protected:
  void unwatch() override;

 private:
  std::shared_ptr<GuardThreads> guards_;
  const rcl_guard_condition_t * guard_;
};

}  // namespace aiorcl
