// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A waitable that says itself when it is ready, as rclcpp's do: no wait set.
#pragma once

#include "dispatch/entity.hpp"

namespace aiorcl {

/// A waitable with set_on_ready_callback(callback) and clear_on_ready_callback(). It gets poke() as
/// its callback: the number of new events, from any thread that holds the GIL. Each event is one
/// take, in the round robin of all entities.
class DrivenWaitable final : public Entity {
 public:
  DrivenWaitable(Dispatcher & dispatcher, nanobind::object waitable, nanobind::object group,
                 std::string label);

  /// Hands the entity's poke() to the waitable, which may call it at once for what it has already.
  /// After construction, because it needs the Python object.
  void listen();

  /// Asks hooks.take_driven_waitable(entity): False if it is gone, else a coroutine to start, or
  /// None.
  Outcome run(Hooks hooks, Claim & claim) override;

  /// Tells that the waitable's data was taken: what raises from now on is no reason to do it again.
  void taken() noexcept { taken_ = true; }

 private:
  bool taken_ = false;
};

}  // namespace aiorcl
