// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Base of what an rcl timer makes ready.
#pragma once

#include <rcl/timer.h>

#include "dispatch/entity.hpp"

namespace aiorcl {

/// Is in the timer queue, and hears of resets and jumps. Whatever made it ready, rcl is asked what
/// is true now.
class Timed : public Entity {
 public:
  Outcome run(Hooks hooks, Claim & claim) final;

 protected:
  /// `timer` is held in use by what the derived class names to Entity.
  Timed(Dispatcher & dispatcher, nanobind::object object, nanobind::object in_use,
        nanobind::object group, std::string label);

  /// Once, at the end of the constructor.
  void watch(rcl_timer_t * timer);

  /// The timer is due; whoever handles that lets rcl set it anew, and calls schedule() before it
  /// runs any code of the user's. Throws RclError, nb::python_error.
  virtual Outcome run_due(Hooks hooks) = 0;

  /// Waits for the next call; nothing if the entity is closed.
  void schedule();

  rcl_timer_t * timer() const noexcept { return timer_; }

  bool has_something(Hooks hooks, Claim & claim) final;
  std::uint64_t events() const noexcept override { return resets_->count(); }

 private:
  /// Due, reset or jumped: rcl knows which, and whether it was cancelled meanwhile.
  bool is_due() const;

  rcl_timer_t * timer_ = nullptr;
  TimerSlot * slot_ = nullptr;
  Watch * resets_ = nullptr;
  bool scheduled_ = false;
};

}  // namespace aiorcl
