// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Work that Python posts to the loop's thread from any thread: tasks, done callbacks.
#pragma once

#include "dispatch/entity.hpp"

namespace aiorcl {

/// Takes its turn in the round robin like an entity; each turn runs the oldest callable of a
/// collections.deque, which stays Python's so that the garbage collector sees it.
class Posted final : public Entity {
 public:
  Posted(Dispatcher & dispatcher, nanobind::object deque);

  /// Append to the deque first; any thread that holds the GIL.
  void post() { poke(); }

  /// A callable that returns False did nothing that spin_once would count.
  Outcome run(Hooks hooks, Claim & claim) override;
};

}  // namespace aiorcl
