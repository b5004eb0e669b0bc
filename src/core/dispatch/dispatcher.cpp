// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Takes what is ready and calls it, one at a time, within a budget.
#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <climits>
#include <stdexcept>
#include <utility>

#include "dispatch/names.hpp"
#include "events/steady_time.hpp"
#include "python/finalizing.hpp"
#include "python/in_context.hpp"
#include "python/once.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

/// How long one drain may keep the loop from its other work. A turn of stock asyncio costs about 10
/// us and one of uvloop 2 us, so a drain that fills its budget spends one percent on turning; and a
/// socket or a timer of the loop waits at most this long plus one callback.
constexpr std::int64_t kBudgetNs = 1'000'000;
constexpr std::size_t kUnlimited = SIZE_MAX;

}  // namespace

Dispatcher::Dispatcher(bool portable, std::shared_ptr<const ContextState> ros_context)
    : queue_(std::make_shared<ReadyQueue>(portable)),
      timers_(std::make_shared<TimerQueue>(portable)),
      timer_fds_(timers_->fds()),
      ros_context_(std::move(ros_context)) {}

void Dispatcher::close() noexcept {
  host_.reset();
  queue_->wakeup().close();
  timers_->close();
}

bool Dispatcher::begin_run() {
  // First: it may collect garbage, whose finalizers are code of Python.
  nb::object copy = nb::steal(PyContext_CopyCurrent());
  if (!copy.is_valid()) nb::raise_python_error();
  if (!runner_.begin()) return false;
  variables = std::move(copy);
  return true;
}

bool Dispatcher::end_run(nb::handle left) {
  if (runner_.thread() && !left.is_none() && nb::len(left) > 0) return false;
  const nb::object last = std::exchange(variables, nb::none());  // dropped at the end, as above
  runner_.end();
  return true;
}

nb::object Dispatcher::next_due_in() const {
  const std::int64_t left = timers_->next_due_in();
  return left == TimerQueue::kNever ? nb::none()
                                    : nb::object(nb::float_(static_cast<double>(left) * 1e-9));
}

std::size_t Dispatcher::run(Hooks hooks, std::size_t max_callbacks, std::int64_t budget_ns) {
  stopped_ = false;
  ++looks_;
  std::size_t ran = 0;
  std::int64_t now = steady_now();
  const std::int64_t end = now + budget_ns;
  while (ran < max_callbacks && !stopped_ && process_.is_this()) {
    timers_->collect();
    Claim claim = queue_->pop();
    if (!claim) {
      if (queue_->sleep()) break;
      continue;
    }
    if (run_one(hooks, claim, now)) ++ran;
    if (now >= end) break;
  }
  return ran;
}

bool Dispatcher::run_one(Hooks hooks, Claim & claim, std::int64_t & now) {
  auto * entity = static_cast<Entity *>(claim.owner());
  if (entity == nullptr) return false;           // closed while it was listed
  nb::object self = nb::borrow(entity->self());  // the callback may let go of its own entity
  const InContext copy(variables);
  entity->resume(claim);
  const std::int64_t since = claim.since();
  const Entity * const outer = std::exchange(running_, entity);
  const bool called = call_one(hooks, *entity, claim, now);
  running_ = outer;
  // The budget needs this reading anyway; the one before is that of the last callback's end.
  const std::int64_t start = std::exchange(now, steady_now());
  if (called) record(hooks, *entity, since, start, now);
  return called;
}

void Dispatcher::record(Hooks hooks, Entity & entity, std::int64_t since, std::int64_t start,
                        std::int64_t end) {
  const std::int64_t took = end - start;
  ++callbacks_;
  runner_.ring();  // a thread may wait for one
  entity.calls().add(start - since, took);
  if (took > longest_ns_) {
    longest_ns_ = took;
    longest_label_ = entity.label();
  }
  if (took < slow_ns) return;
  try {
    call_method(hooks, names().on_slow_callback, entity.self(), nb::int_(took));
  } catch (...) {
    on_error(hooks, entity, std::current_exception());
  }
}

bool Dispatcher::call_one(Hooks hooks, Entity & entity, Claim & claim, std::int64_t now) {
  if (!entity.may_call()) {
    claim.withdraw();
    return false;
  }
  try {
    entity.report();
    if (!entity.begin(hooks, claim)) return false;
  } catch (...) {
    const std::exception_ptr raised = std::current_exception();
    if (entity.is_news(raised)) on_error(hooks, entity, raised);
    return true;
  }
  const std::int64_t since = claim.since();
  claim.since(now);  // for what is left after this take
  Outcome outcome = Outcome::kCalled;
  std::exception_ptr failed;
  std::exception_ptr not_ended;
  try {
    outcome = entity.run(hooks, claim);
    entity.ran();
  } catch (...) {
    failed = std::current_exception();
    if (claim) entity.fails(claim.withdraw(), since);  // or it would fail at once, again and again
  }
  if (outcome != Outcome::kStarted) {
    try {
      entity.ended();
    } catch (...) {
      not_ended = std::current_exception();
    }
  }
  if (failed != nullptr && entity.is_news(failed)) on_error(hooks, entity, failed);
  if (not_ended != nullptr) on_error(hooks, entity, not_ended);
  return failed != nullptr || outcome != Outcome::kNothing;
}

void Dispatcher::on_error(Hooks hooks, Entity & entity, const std::exception_ptr & raised) {
  try {
    std::rethrow_exception(raised);
  } catch (nb::python_error & error) {
    call_method(hooks, names().on_error, entity.self(), error.value());
  } catch (const std::exception & error) {
    static Imported rcl_error{"aiorcl._core", "RclError"};
    call_method(hooks, names().on_error, entity.self(),
                rcl_error.get()((entity.label() + ": " + error.what()).c_str()));
  }
}

std::size_t Dispatcher::drain(Hooks hooks, int timer_fd) {
  // Also after an exception: while the queue is awake nothing writes to the wakeup fd.
  const Wakes at_the_end{*this};
  if (timer_fd >= 0) {
    queue_->stay_awake();
    timers_->on_readable(timer_fd);
  }
  return run(hooks, kUnlimited, kBudgetNs);
}

void Dispatcher::wake() {
  if (process_.is_this() && !queue_->sleep()) queue_->wakeup().notify();
}

void Dispatcher::host(int loop_fd) {
  host_ = std::make_unique<EpollHost>(wakeup_fd(), *timers_, loop_fd);
}

bool Dispatcher::only_own_readable(std::int64_t timeout_ns) {
  if (host_ == nullptr) throw std::logic_error("wait() without host()");
  bool woken;
  if (timeout_ns == 0) {
    woken = host_->wait(0);
  } else {
    const WithoutGil released;
    woken = host_->wait(timeout_ns);
  }
  if (woken) {
    queue_->stay_awake();  // or a timer that is due would write to the wakeup fd first
    return host_->only_own();
  }
  if (PyErr_CheckSignals() != 0) nb::raise_python_error();
  return true;
}

std::size_t Dispatcher::wait(Hooks hooks, double timeout, LoopTurn & turn,
                             std::size_t max_callbacks) {
  const std::int64_t start = steady_now();
  const std::int64_t end =
      timeout < 0 || timeout > 1e9 ? INT64_MAX : start + static_cast<std::int64_t>(timeout * 1e9);
  std::size_t ran = 0;
  for (;;) {
    ran += run(hooks, max_callbacks - ran, kBudgetNs);
    std::int64_t left = end == INT64_MAX ? INT64_MAX : end - steady_now();
    const bool over = left <= 0;
    if (timer_fds_.empty()) left = std::min(left, timers_->next_due_in());
    if (!process_.is_this()) turn.wanted = turn.readable = true;  // the loop looks itself
    if (ran >= max_callbacks || stopped_ || turn.wanted || turn.stopping) break;
    if (!queue_->sleep() || left <= 0) {
      left = 0;
    } else if (left == INT64_MAX) {
      left = -1;
    }
    turn.polled = true;
    if (!only_own_readable(left)) turn.wanted = turn.readable = true;
    if (turn.wanted) break;
    // Until then only what counts for nobody has run, and it has taken the whole budget.
    if (over && (ran > 0 || !queue_->has_ready())) break;
  }
  return ran;
}

}  // namespace aiorcl
