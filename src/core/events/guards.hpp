// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The one thread per context that waits where rcl offers no event callback: for guard conditions.
#pragma once

#include <rcl/context.h>
#include <rcl/guard_condition.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "events/process.hpp"
#include "events/ready_queue.hpp"

namespace aiorcl {

/// Waits on any number of guard conditions and makes every Ready ready that follows one that was
/// triggered. A trigger reaches one waiter only, so all executors of a context share one
/// GuardThread.
///
/// The thread sleeps in rcl_wait without a timeout, touches no Python object, and ends with the
/// object.
class GuardThread {
 public:
  /// `context` is valid and outlives the object.
  explicit GuardThread(rcl_context_t * context);  // throws RclError
  ~GuardThread();
  GuardThread(const GuardThread &) = delete;
  GuardThread & operator=(const GuardThread &) = delete;

  /// From now on a trigger of `guard` calls ready.add(1) and sets *fired (if not null). Any thread.
  void add(const rcl_guard_condition_t * guard, Ready & ready, std::atomic<bool> * fired = nullptr);

  /// After this returns, neither the guard condition nor the Ready is touched again for this pair.
  /// Any thread, without the GIL: waits for the thread to let go, which takes as long as one
  /// wake-up.
  void remove(const rcl_guard_condition_t * guard, const Ready & ready) noexcept;

 private:
  struct Follower {
    const rcl_guard_condition_t * guard;
    Ready * ready;
    std::atomic<bool> * fired;
  };

  void run() noexcept;
  void wake() noexcept;

  rcl_context_t * context_;
  rcl_guard_condition_t interrupt_;  // brings the thread back from rcl_wait when followers_ changed
  std::mutex mutex_;
  std::condition_variable renewed_;
  std::vector<Follower> followers_;  // guarded by mutex_
  std::uint64_t changed_ = 0;        // guarded by mutex_: the state of followers_
  std::uint64_t seen_ = 0;           // guarded by mutex_: the state that the thread waits on
  bool stop_ = false;                // guarded by mutex_
  bool ended_ = false;               // guarded by mutex_
  const Process process_;
  std::thread thread_;
};

}  // namespace aiorcl
