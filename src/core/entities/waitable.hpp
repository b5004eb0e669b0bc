// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A waitable: whatever rcl entities it adds to a wait set wake it.
#pragma once

#include <rcl/wait.h>

#include <atomic>
#include <list>
#include <memory>

#include "dispatch/entity.hpp"
#include "events/guards.hpp"

namespace aiorcl {

/// Learns the entities of an rclpy Waitable from a wait set that the waitable has added itself to,
/// and watches each of them by what rcl offers for its kind. No wait set is waited on between
/// events.
class Waitable final : public Entity {
 public:
  /// `wait_set` is the address of an rcl_wait_set_t that holds only this waitable's entities.
  Waitable(Dispatcher & dispatcher, nanobind::object waitable, nanobind::object group,
           std::string label, std::uintptr_t wait_set, std::shared_ptr<GuardThreads> guards);
  ~Waitable() override;

  /// Asks hooks._take_waitable(entity): False if it is not ready, else a coroutine to start, or
  /// None.
  Outcome run(Hooks hooks) override;

  /// Marks what fired since the last call as ready in a wait set that was just waited on, where
  /// rcl_wait does not see it: guard conditions, whose triggers the guard thread has consumed, and
  /// QoS events.
  void restore(std::uintptr_t wait_set);

 protected:
  void unwatch() override;

 private:
  struct Guard {
    const rcl_guard_condition_t * guard;
    std::size_t index;
    std::atomic<bool> fired{false};
  };

  /// With rmw_fastrtps to set an event's callback consumes what came before, so that a wait set
  /// does not show it any more; and what came since it shows twice. The callback counts both right.
  struct Event {
    Event(const rcl_event_t * e, std::size_t i, Ready & ready)
        : event(e), index(i), watch(Source::kEvent, e, ready) {}

    const rcl_event_t * event;
    std::size_t index;
    Watch watch;
    std::uint64_t seen = 0;
  };

  void stop() noexcept;

  std::shared_ptr<GuardThreads> guard_threads_;
  std::list<Watch> watches_;
  std::list<TimerSlot> slots_;
  std::list<Guard> guards_;
  std::list<Event> events_;
  // What an executor before this one has counted and not handled is only in the wait set.
  bool first_run_ = true;
};

}  // namespace aiorcl
