// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What the executor itself has for the loop's thread: done before anything else that is ready.
#pragma once

#include "dispatch/entity.hpp"

namespace aiorcl {

/// Calls a function once for all that was posted until then.
class Jobs final : public Entity {
 public:
  Jobs(Dispatcher & dispatcher, nanobind::object function);

  /// Any thread that holds the GIL.
  void post() { poke(); }

  /// Counts as nothing: spin_once goes on.
  Outcome run(Hooks hooks, Claim & claim) override;
};

}  // namespace aiorcl
