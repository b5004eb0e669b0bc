// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The timer by which an action server forgets the results of goals that ended long ago.
#pragma once

#include "entities/timed.hpp"

namespace aiorcl {

/// rcl_action has no event callback for expiry, but its timer tells of a reset, as any timer does:
/// so it is in the timer queue while a result waits for its end, and costs nothing else.
class GoalExpiry final : public Timed {
 public:
  /// `server` is an rclpy ActionServer and `handle` its handle; `wait_set` is the address of an
  /// rcl_wait_set_t that holds only the server's entities. `expire()` is called when the timer is
  /// due, and lets rcl_action set it for the next result.
  GoalExpiry(Dispatcher & dispatcher, nanobind::object server, nanobind::object handle,
             std::string label, std::uintptr_t wait_set, nanobind::object expire);

  int traverse(visitproc visit, void * arg) override;
  void clear() noexcept override;

 protected:
  Outcome run_due(Hooks hooks) override;

 private:
  nanobind::object expire_;
};

}  // namespace aiorcl
