// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What an event loop does with the events layer: sleeps on its fds, and runs who is ready.
#pragma once

#include <poll.h>

#include <cstdint>

#include "events/ready_queue.hpp"

namespace event_loop {

constexpr int kDeadlineMs = 10'000;  // only a failure takes so long

/// Whether the fd is readable, or becomes so in time.
inline bool is_readable(int fd, int timeout_ms = 0) {
  pollfd polled{fd, POLLIN, 0};
  return poll(&polled, 1, timeout_ms) == 1;
}

inline bool becomes_readable(int fd) {
  return is_readable(fd, kDeadlineMs);
}

/// An entity's entry in a queue, released as when the entity is closed.
class Entry {
 public:
  explicit Entry(aiorcl::ReadyQueue & queue) : ready_(new aiorcl::Ready(queue, this)) {}
  ~Entry() { aiorcl::ReadyQueue::release(ready_); }
  Entry(const Entry &) = delete;
  Entry & operator=(const Entry &) = delete;

  aiorcl::Ready & operator*() noexcept { return *ready_; }
  aiorcl::Ready * operator->() noexcept { return ready_; }
  aiorcl::Ready * get() noexcept { return ready_; }

 private:
  aiorcl::Ready * ready_;
};

/// The entry whose turn it is, or nullptr. It stays ready.
inline const aiorcl::Ready * front(aiorcl::ReadyQueue & queue) {
  return queue.pop().get();
}

/// Handles all events of an entry that was taken from its queue, and returns how many.
inline std::uint64_t handle_all(aiorcl::Claim & claim) {
  const std::uint64_t events = claim.owner() == nullptr ? 0 : claim.pending();
  claim.settle(events);
  return events;
}

/// Handles all events of all entries that are ready now; returns how many.
inline std::uint64_t handle_all(aiorcl::ReadyQueue & queue) {
  std::uint64_t handled = 0;
  while (aiorcl::Claim claim = queue.pop()) handled += handle_all(claim);
  return handled;
}

/// Calls `run` with each entry that is ready, and sleeps in between, while `run` returns true;
/// false if a wakeup is missing.
template <typename Run>
bool run_while(aiorcl::ReadyQueue & queue, Run run) {
  for (;;) {
    if (aiorcl::Claim claim = queue.pop()) {
      if (!run(claim)) return true;
    } else if (queue.sleep() && !becomes_readable(queue.wakeup().fd())) {
      return false;
    }
  }
}

}  // namespace event_loop
