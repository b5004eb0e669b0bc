// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A guard condition of a node: calls its callback when it is triggered.
#pragma once

#include <memory>

#include "dispatch/entity.hpp"
#include "events/guards.hpp"

namespace aiorcl {

class FollowedGuard;

class GuardCondition final : public Entity {
 public:
  /// `guard` is an rclpy GuardCondition, whose trigger comes by way of `guards`.
  GuardCondition(Dispatcher & dispatcher, nanobind::object guard, nanobind::object group,
                 std::string label, std::shared_ptr<GuardThreads> guards);

  Outcome run(Hooks hooks, Claim & claim) override;

  /// What `trigger()` of the rclpy object does while it is served, from any thread that holds the
  /// GIL: ready at once, where the way by rcl takes as long as its thread does to wake up. The rcl
  /// guard condition is left alone, or that thread would bring the same trigger once more.
  void trigger();

  /// From now on until close() the rclpy object's own trigger() is this one.
  void stand_in();

  /// From now on close() triggers it once more if a trigger was not handled yet. Not for one that
  /// others follow, too: they have heard of it.
  void give_back();

 private:
  FollowedGuard * guard_;
};

}  // namespace aiorcl
