// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The one thread per context that waits for guard conditions.
#include "events/guards.hpp"

#include <rcl/wait.h>

#include <algorithm>

#include "rcl_error.hpp"

namespace aiorcl {

namespace {

/// A wait set for guard conditions only.
class GuardWaitSet {
 public:
  explicit GuardWaitSet(rcl_context_t * context) : context_(context) {}
  ~GuardWaitSet() { ignore(rcl_wait_set_fini(&set_)); }

  /// Waits until one of them is triggered; false if rcl cannot wait any more.
  bool wait(const std::vector<const rcl_guard_condition_t *> & guards) {
    if (set_.size_of_guard_conditions != guards.size() || set_.impl == nullptr) {
      ignore(rcl_wait_set_fini(&set_));
      set_ = rcl_get_zero_initialized_wait_set();
      if (!done(rcl_wait_set_init(&set_, 0, guards.size(), 0, 0, 0, 0, context_,
                                  rcl_get_default_allocator()))) {
        return false;
      }
    }
    if (!done(rcl_wait_set_clear(&set_))) return false;
    for (const rcl_guard_condition_t * guard : guards) {
      if (!done(rcl_wait_set_add_guard_condition(&set_, guard, nullptr))) return false;
    }
    return done(rcl_wait(&set_, -1));
  }

  bool triggered(const rcl_guard_condition_t * guard) const {
    const rcl_guard_condition_t ** end = set_.guard_conditions + set_.size_of_guard_conditions;
    return std::find(set_.guard_conditions, end, guard) != end;
  }

 private:
  static bool done(rcl_ret_t ret) {
    ignore(ret);
    return ret == RCL_RET_OK;
  }

  rcl_context_t * context_;
  rcl_wait_set_t set_ = rcl_get_zero_initialized_wait_set();
};

}  // namespace

GuardThread::GuardThread(rcl_context_t * context)
    : context_(context), interrupt_(rcl_get_zero_initialized_guard_condition()) {
  check(rcl_guard_condition_init(&interrupt_, context, rcl_guard_condition_get_default_options()),
        "create a guard condition");
  thread_ = std::thread(&GuardThread::run, this);
}

GuardThread::~GuardThread() {
  if (!process_.is_this()) {
    thread_.detach();
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake();
  thread_.join();
  ignore(rcl_guard_condition_fini(&interrupt_));
}

void GuardThread::wake() noexcept {
  ignore(rcl_trigger_guard_condition(&interrupt_));
}

void GuardThread::add(const rcl_guard_condition_t * guard, Ready & ready,
                      std::atomic<bool> * fired) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    followers_.push_back({guard, &ready, fired});
    ++changed_;
  }
  wake();
}

void GuardThread::remove(const rcl_guard_condition_t * guard, const Ready & ready) noexcept {
  std::unique_lock<std::mutex> lock(mutex_);
  auto same = [&](const Follower & f) { return f.guard == guard && f.ready == &ready; };
  auto found = std::find_if(followers_.begin(), followers_.end(), same);
  if (found == followers_.end()) return;
  followers_.erase(found);
  const std::uint64_t wanted = ++changed_;
  lock.unlock();
  wake();
  lock.lock();
  renewed_.wait(lock, [&] { return seen_ >= wanted || ended_; });
}

void GuardThread::run() noexcept {
  GuardWaitSet set(context_);
  std::vector<const rcl_guard_condition_t *> guards;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    guards.assign(1, &interrupt_);
    for (const Follower & follower : followers_) {
      if (std::find(guards.begin(), guards.end(), follower.guard) == guards.end()) {
        guards.push_back(follower.guard);
      }
    }
    seen_ = changed_;
    renewed_.notify_all();
    lock.unlock();
    const bool waited = set.wait(guards);
    lock.lock();
    if (!waited) break;
    // The followers of now, not of before the wait: one that was removed meanwhile is not touched.
    for (const Follower & follower : followers_) {
      if (!set.triggered(follower.guard)) continue;
      if (follower.fired != nullptr) follower.fired->store(true, std::memory_order_release);
      follower.ready->add(1);
    }
  }
  ended_ = true;
  renewed_.notify_all();
}

}  // namespace aiorcl
