// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Takes what is ready and calls it, one at a time, within a budget.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "dispatch/callers.hpp"
#include "dispatch/entity.hpp"
#include "dispatch/loop_turn.hpp"
#include "dispatch/runner.hpp"
#include "events/epoll_host.hpp"
#include "events/process.hpp"
#include "events/ready_queue.hpp"
#include "events/timers.hpp"

namespace aiorcl {

/// The ready queue and the timers of one executor, and the loop that empties them. GIL held
/// throughout, except while wait() sleeps. Holds no Python object but `variables`. In a forked
/// child nothing of it runs.
class Dispatcher {
 public:
  /// `portable`: use what every system has instead of eventfd and timerfd. When `ros_context`,
  /// if not null, is not up any more no callback of an entity begins.
  explicit Dispatcher(bool portable = false,
                      std::shared_ptr<const ContextState> ros_context = nullptr);
  ~Dispatcher() { close(); }

  /// Gives all fds back. When all entities are closed; idempotent.
  void close() noexcept;
  Dispatcher(const Dispatcher &) = delete;
  Dispatcher & operator=(const Dispatcher &) = delete;

  const std::shared_ptr<ReadyQueue> & queue() const noexcept { return queue_; }
  const std::shared_ptr<TimerQueue> & timers() const noexcept { return timers_; }

  const std::shared_ptr<const ContextState> & ros_context() const noexcept { return ros_context_; }

  /// From now on the calling thread runs it, in a copy of its context variables; false if a thread
  /// does already. One step for Python, and so is end_run(): see Runner.
  bool begin_run();

  /// False, and nothing, if `left` is neither None nor empty: so whoever appends to it, and sees
  /// then that the run goes on, leaves it to the run.
  bool end_run(nanobind::handle left);

  Runner & runner() noexcept { return runner_; }

  /// The entity that is being run, or nullptr. GIL held.
  const Entity * running() const noexcept { return running_; }

  /// The threads that call something of an entity otherwise: see Entity::call_if_may().
  const std::shared_ptr<Callers> & callers() const noexcept { return callers_; }

  /// Readable when something is ready while nobody runs it; then call drain().
  int wakeup_fd() const noexcept { return queue_->wakeup().fd(); }

  /// Each readable when a timer is due; then call drain() or timer_readable() with it. None where
  /// the system has no timerfd.
  std::vector<int> timer_fds() const { return timers_->fds(); }

  /// Seconds until the first timer is due, or None: for systems where timer_fds() is empty.
  nanobind::object next_due_in() const;

  /// Runs at most `max_callbacks` pieces of work, for at most `budget_ns`, and returns how many.
  /// Stops early after stop(). What is left stays ready; the wakeup fd does not tell of it before
  /// wake().
  std::size_t run(Hooks hooks, std::size_t max_callbacks, std::int64_t budget_ns);

  /// run() within the budget of a loop turn, and wake() if anything is left. `timer_fd`: which of
  /// timer_fds() is readable, or -1.
  std::size_t drain(Hooks hooks, int timer_fd);

  /// Before run() when `timer_fd`, one of timer_fds(), is readable.
  void timer_readable(int timer_fd) noexcept { timers_->on_readable(timer_fd); }

  /// Before anybody sleeps on the wakeup fd: makes it readable if anything is ready, and else lets
  /// the next event do so. run() leaves that open when it stops early.
  void wake();

  /// True if run() would find something, not counting timers.
  bool has_ready() const noexcept { return queue_->has_ready(); }

  /// Ends the run() that is under way after the callback that it is in.
  void stop() noexcept { stopped_ = true; }

  /// For a loop of our own: `loop_fd` is the epoll fd of its selector, readable when any of its fds
  /// is. From now on wait() looks at it too. Linux only.
  void host(int loop_fd);

  /// Waits for a loop that has nothing else to do, and runs what becomes ready without turning the
  /// loop. Returns how many ran, when a fd of the loop is ready (it sets `turn`), when `turn` says
  /// that the loop has something to do, when `timeout` (seconds; negative: none) is over, after
  /// stop(), or when `max_callbacks` have run. The GIL is released while it sleeps; signals are
  /// handled.
  std::size_t wait(Hooks hooks, double timeout, LoopTurn & turn, std::size_t max_callbacks);

  /// Calls of run(), pieces of work that it ran, and the one that took longest.
  std::uint64_t looks() const noexcept { return looks_; }
  std::uint64_t callbacks() const noexcept { return callbacks_; }
  std::int64_t longest_ns() const noexcept { return longest_ns_; }
  const std::string & longest_label() const noexcept { return longest_label_; }

  /// A contextvars.Context: each callback runs in a copy of it, so that what one sets is not what
  /// the next one sees. None: in the current one. For as long as somebody runs the dispatcher.
  nanobind::object variables = nanobind::none();

  /// Of whatever takes as long or longer hooks.on_slow_callback(entity, nanoseconds) is told.
  std::int64_t slow_ns = INT64_MAX;

 private:
  struct Wakes {
    ~Wakes() { dispatcher.wake(); }

    Dispatcher & dispatcher;
  };

  /// Runs one entity, and records what came of it. `now` is the time of the last reading, and
  /// becomes that after the call.
  bool run_one(Hooks hooks, Claim & claim, std::int64_t & now);
  bool call_one(Hooks hooks, Entity & entity, Claim & claim, std::int64_t now);
  void on_error(Hooks hooks, Entity & entity, const std::exception_ptr & raised);
  void record(Hooks hooks, Entity & entity, std::int64_t since, std::int64_t start,
              std::int64_t end);
  bool only_own_readable(std::int64_t timeout_ns);  // negative: as long as it takes

  const Process process_;
  std::shared_ptr<ReadyQueue> queue_;
  std::shared_ptr<TimerQueue> timers_;
  std::vector<int> timer_fds_;
  std::unique_ptr<EpollHost> host_;
  const std::shared_ptr<const ContextState> ros_context_;
  Runner runner_;
  const std::shared_ptr<Callers> callers_ = std::make_shared<Callers>();
  const Entity * running_ = nullptr;
  bool stopped_ = false;
  std::uint64_t looks_ = 0;
  std::uint64_t callbacks_ = 0;
  std::int64_t longest_ns_ = 0;
  std::string longest_label_;
};

}  // namespace aiorcl
