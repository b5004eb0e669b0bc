// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The threads that wait where rcl offers no event callback: one for each guard condition in use.
#pragma once

#include <rcl/context.h>
#include <rcl/guard_condition.h>
#include <rmw/types.h>

#include <atomic>
#include <list>
#include <mutex>
#include <unordered_map>

#include "events/process.hpp"
#include "events/ready_queue.hpp"

namespace aiorcl {

/// Waits on any number of guard conditions and makes every Ready ready that follows one that was
/// triggered. A trigger reaches one waiter only, so all executors of a context share one object.
///
/// Each guard condition has a thread and a wait set of its own: while rmw_wait of rmw_fastrtps
/// returns for one guard condition it may lose a trigger of another in the same set
/// (ros2/rmw_fastrtps#895). That is also so where it returns because the thread is told to, by a
/// guard condition of our own: whoever calls add(), ask() or remove() holds what those need who
/// trigger (the GIL), and none of them returns before the thread is out of that wait.
///
/// Guard conditions are told apart by what the middleware has: that of the graph is one for a
/// context, and every node has a guard condition of rcl over it. So the threads wait below rcl,
/// too: what rcl has of a node that is destroyed is no more, while others still wait.
///
/// The threads sleep in rmw_wait without a timeout, touch no Python object, and end with the
/// object.
class GuardThreads {
 public:
  /// `context` is valid and outlives the object.
  explicit GuardThreads(rcl_context_t * context) noexcept;
  ~GuardThreads();
  GuardThreads(const GuardThreads &) = delete;
  GuardThreads & operator=(const GuardThreads &) = delete;

  /// From now on a trigger of `guard` calls ready.add(1) and sets *fired (if not null). Any thread.
  /// Does nothing for a guard condition that nobody follows yet if the context is shut down. A
  /// trigger that is there already counts before this returns.
  void add(const rcl_guard_condition_t * guard, Ready & ready, std::atomic<bool> * fired = nullptr);

  /// Waits until the threads have looked at the guard conditions that something in `queue` follows
  /// with a flag: after this returns, the followers of those that were triggered before are ready.
  /// True if something in `queue` is ready then. On the thread of its consumer; the
  /// threads wake up side by side.
  bool ask(const ReadyQueue & queue) noexcept;

  /// After this returns, neither the guard condition nor the Ready is touched again for this pair.
  /// Any thread: the last follower of a guard condition waits for its thread to end, which takes as
  /// long as one wake-up and needs no GIL.
  void remove(const rcl_guard_condition_t * guard, const Ready & ready) noexcept;

 private:
  class Waiter;

  const Process process_;
  rcl_context_t * context_;
  // Held while a waiter ends, so that no two wait sets hold one guard condition.
  std::mutex mutex_;
  std::list<Waiter> waiters_;  // guarded by mutex_, as is where each of them is
  std::unordered_map<const rmw_guard_condition_t *, std::list<Waiter>::iterator> places_;
};

}  // namespace aiorcl
