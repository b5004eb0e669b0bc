// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Who follows guard conditions in the tests.
#pragma once

#include <atomic>
#include <cstdint>

#include "event_loop.hpp"

namespace guard_follower {

/// One executor's side: a queue, and an entry that follows guard conditions.
struct Follower {
  ~Follower() { event_loop::handle_all(queue); }

  /// Sleeps until the entry is ready, and handles its events; how many, or 0 if none come.
  std::uint64_t wait() {
    std::uint64_t events = 0;
    event_loop::run_while(queue, [&](aiorcl::Claim & claim) {
      events += event_loop::handle_all(claim);
      return false;
    });
    return events;
  }

  aiorcl::ReadyQueue queue;
  event_loop::Entry entry{queue};
  std::atomic<bool> fired{false};
};

}  // namespace guard_follower
