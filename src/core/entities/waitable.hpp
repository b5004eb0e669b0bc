// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A waitable: whatever rcl entities it adds to a wait set wake it.
#pragma once

#include <rcl/wait.h>

#include <memory>
#include <vector>

#include "dispatch/entity.hpp"
#include "entities/followed_guard.hpp"

namespace aiorcl {

/// Learns the entities of an rclpy Waitable from a wait set that the waitable has added itself to,
/// and watches each of them by what rcl offers for its kind. No wait set is waited on between
/// events.
class Waitable final : public Entity {
 public:
  /// `wait_set` is the address of an rcl_wait_set_t that holds only this waitable's entities, all
  /// of which are alive until `in_use`, a context manager, is left.
  Waitable(Dispatcher & dispatcher, nanobind::object waitable, nanobind::object in_use,
           nanobind::object group, std::string label, std::uintptr_t wait_set,
           std::shared_ptr<GuardThreads> guards);

  /// Asks hooks.take_waitable(entity), or take_ready_waitable(entity) if has_something() has found
  /// it ready: False if it is not ready, else a coroutine to start, or None. What it raises before
  /// taken() leaves the waitable ready, to be asked again later.
  Outcome run(Hooks hooks, Claim & claim) override;

  /// Leaves in a wait set that the waitable has added itself to what is ready, as rcl_wait does;
  /// but it waits for no guard condition that is followed. Who waits for one beside the guard
  /// thread takes triggers from it, and loses some: see GuardThreads.
  void look(std::uintptr_t wait_set);

  /// What look() has left there was not taken: the next time it is left there again.
  void take_back();

  /// Tells that the waitable's data was taken: what raises from now on is no reason to do it again.
  void taken() noexcept { taken_ = true; }

 protected:
  /// Asks hooks.is_waitable_ready(entity), where a group is to be asked before anything is taken.
  bool has_something(Hooks hooks, Claim & claim) override;

 private:
  struct Guard {
    FollowedGuard * source;
    std::size_t index;
    bool shown = false;  // in the wait set of this run
  };

  /// With rmw_fastrtps to set an event's callback consumes what came before, so that a wait set
  /// does not show it any more; and what came since it shows twice. The callback counts both right.
  struct Event {
    const rcl_event_t * event;
    std::size_t index;
    Watch * source;
    std::uint64_t seen = 0;
    std::uint64_t seen_before = 0;  // this run
    std::uint64_t shown = 0;        // in the wait set of this run
  };

  void begin_look() noexcept;
  bool is_followed(const rcl_guard_condition_t * guard) const noexcept;
  /// Marks what has fired since the last look, where rcl_wait does not see it: guard conditions,
  /// whose triggers the guard thread has consumed, and QoS events.
  void restore(rcl_wait_set_t & set);
  void take_shown() noexcept;
  nanobind::object take(Hooks hooks);
  void schedule();

  std::vector<TimerSlot *> slots_;
  std::vector<Guard> guards_;
  std::vector<Event> events_;
  bool taken_ = false;
  bool is_ready_ = false;  // has_something() has said so, for the next run
  // What an executor before this one has counted and not handled is only in the wait set.
  bool first_run_ = true;
};

}  // namespace aiorcl
