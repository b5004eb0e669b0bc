// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The threads that wait for guard conditions.
#include "events/guards.hpp"

#include <rmw/rmw.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <thread>
#include <unordered_map>

#include "events/process.hpp"
#include "rcl_error.hpp"

namespace aiorcl {

namespace {

// Between attempts to wait while the middleware cannot: 1 ms, 2 ms, ... 1 s.
constexpr std::chrono::milliseconds kFirstPause(1);
constexpr std::chrono::milliseconds kLongestPause(1000);

constexpr rmw_time_t kNotAtAll{0, 0};

}  // namespace

/// The wait for one guard condition.
class GuardThreads::Waiter {
 public:
  struct Follower {
    Ready * ready;
    std::atomic<bool> * fired;
  };

  /// The first follower is there before the thread: the guard condition may be triggered already.
  Waiter(rcl_context_t * context, const rmw_guard_condition_t * guard, Follower first)
      : end_(context), set_(context), guard_(guard) {
    add(first);
    if (wait(&kNotAtAll) == RMW_RET_OK) tell();
    thread_ = std::thread(&Waiter::run, this);
  }
  ~Waiter();
  Waiter(const Waiter &) = delete;
  Waiter & operator=(const Waiter &) = delete;

  void add(Follower follower);

  /// As GuardThreads::ask(), for this guard condition, in two steps: wakes the thread, if something
  /// in `queue` follows it with a flag, and waits until it has looked, if it was woken.
  void ask(const ReadyQueue & queue) noexcept;
  void wait_for_answer() noexcept;

  /// True if nobody follows any more.
  bool remove(const Ready & ready) noexcept;

 private:
  struct WaitSet {
    explicit WaitSet(rcl_context_t * context);
    ~WaitSet() {
      if (process.is_this()) ignore(rmw_destroy_wait_set(set));
    }

    const Process process;
    rmw_wait_set_t * set;
  };

  /// Tells the thread to come back from its wait. That of others could not be told apart from a
  /// trigger.
  struct End {
    explicit End(rcl_context_t * context);
    ~End() {
      if (process.is_this()) ignore(rmw_destroy_guard_condition(guard));
    }

    const Process process;
    rmw_guard_condition_t * guard;
  };

  /// OK if the guard condition was triggered, which is over now. TIMEOUT also if the thread was
  /// told to come back, which is over, too.
  rmw_ret_t wait(const rmw_time_t * timeout) noexcept;
  void tell() noexcept;
  void run() noexcept;

  const Process process_;
  End end_;
  WaitSet set_;  // the thread's
  const rmw_guard_condition_t * const guard_;
  std::mutex mutex_;
  std::condition_variable stop_changed_;
  std::list<Follower> followers_;  // guarded by mutex_, as is where each of them is
  std::unordered_multimap<const Ready *, std::list<Follower>::iterator> places_;
  bool stop_ = false;  // guarded by mutex_
  // Guarded by mutex_: whether the thread waits for the middleware to recover, and whether somebody
  // waits for the thread.
  bool pauses_ = false;
  bool asked_ = false;
  std::condition_variable answered_;
  std::thread thread_;
};

GuardThreads::Waiter::WaitSet::WaitSet(rcl_context_t * context)
    : set(rmw_create_wait_set(rcl_context_get_rmw_context(context), 2)) {
  if (set == nullptr) check(RCL_RET_ERROR, "wait for a guard condition");
}

GuardThreads::Waiter::End::End(rcl_context_t * context)
    : guard(rmw_create_guard_condition(rcl_context_get_rmw_context(context))) {
  if (guard == nullptr) check(RCL_RET_ERROR, "wait for a guard condition");
}

GuardThreads::Waiter::~Waiter() {
  if (!process_.is_this()) {
    thread_.detach();
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  stop_changed_.notify_all();
  ignore(rmw_trigger_guard_condition(end_.guard));
  thread_.join();
}

void GuardThreads::Waiter::add(Follower follower) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto place = followers_.insert(followers_.end(), follower);
  try {
    places_.emplace(follower.ready, place);
  } catch (...) {
    followers_.erase(place);
    throw;
  }
}

bool GuardThreads::Waiter::remove(const Ready & ready) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = places_.find(&ready);
  if (found != places_.end()) {
    followers_.erase(found->second);
    places_.erase(found);
  }
  // Here, not when the waiter is destroyed: a trigger that the thread has by then would be told to
  // nobody, and not be passed on.
  stop_ = followers_.empty();
  return stop_;
}

rmw_ret_t GuardThreads::Waiter::wait(const rmw_time_t * timeout) noexcept {
  void * guards[] = {guard_->data, end_.guard->data};
  rmw_guard_conditions_t guard_set{2, guards};
  const rmw_ret_t ret = rmw_wait(nullptr, &guard_set, nullptr, nullptr, nullptr, set_.set, timeout);
  ignore(ret);
  return ret == RMW_RET_OK && guards[0] == nullptr ? RMW_RET_TIMEOUT : ret;
}

/// Under mutex_.
void GuardThreads::Waiter::tell() noexcept {
  // Those of now, not of before the wait: one that was removed meanwhile is not touched.
  for (const Follower & follower : followers_) {
    if (follower.fired != nullptr) follower.fired->store(true, std::memory_order_release);
    follower.ready->add(1);
  }
}

void GuardThreads::Waiter::ask(const ReadyQueue & queue) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool asks = std::any_of(followers_.begin(), followers_.end(), [&](const Follower & each) {
    return each.fired != nullptr && &each.ready->queue == &queue;
  });
  // A thread that pauses cannot know; the guard condition keeps its trigger.
  if (!asks || pauses_) return;
  // Not by a wait of its own, which could take the trigger from the thread, or the thread from it.
  asked_ = true;
  ignore(rmw_trigger_guard_condition(end_.guard));
}

void GuardThreads::Waiter::wait_for_answer() noexcept {
  std::unique_lock<std::mutex> lock(mutex_);
  answered_.wait(lock, [this] { return !asked_; });
}

void GuardThreads::Waiter::run() noexcept {
  std::unique_lock<std::mutex> lock(mutex_);
  std::chrono::milliseconds pause = kFirstPause;
  rmw_ret_t ret = RMW_RET_TIMEOUT;
  while (!stop_) {
    lock.unlock();
    ret = wait(nullptr);
    lock.lock();
    if (stop_) break;
    if (ret == RMW_RET_OK) tell();
    if (asked_) {
      // What tells it to come back may have come after it was on its way: it must not be left for a
      // wait that nobody asks for, and who asks hears of all that came before.
      if (wait(&kNotAtAll) == RMW_RET_OK) tell();
      asked_ = false;
      answered_.notify_all();
    }
    if (ret != RMW_RET_OK && ret != RMW_RET_TIMEOUT) {
      // The middleware was short of something. The guard condition keeps its trigger meanwhile.
      pauses_ = true;
      stop_changed_.wait_for(lock, pause, [this] { return stop_; });
      pauses_ = false;
      pause = std::min(pause * 2, kLongestPause);
    } else {
      pause = kFirstPause;
    }
  }
  // Of a trigger that came while nobody followed any more hears who waits next.
  if (ret == RMW_RET_OK) ignore(rmw_trigger_guard_condition(guard_));
}

GuardThreads::GuardThreads(rcl_context_t * context) noexcept : context_(context) {}

GuardThreads::~GuardThreads() = default;

void GuardThreads::add(const rcl_guard_condition_t * rcl_guard, Ready & ready,
                       std::atomic<bool> * fired) {
  const rmw_guard_condition_t * guard = rcl_guard_condition_get_rmw_handle(rcl_guard);
  std::lock_guard<std::mutex> lock(mutex_);
  const Waiter::Follower follower{&ready, fired};
  const auto found = places_.find(guard);
  if (found != places_.end()) {
    found->second->add(follower);
  } else if (rcl_context_is_valid(context_)) {
    const auto place = places_.emplace(guard, waiters_.end()).first;
    try {
      place->second = waiters_.emplace(waiters_.end(), context_, guard, follower);
    } catch (...) {
      places_.erase(place);
      throw;
    }
  }
}

bool GuardThreads::ask(const ReadyQueue & queue) noexcept {
  if (!process_.is_this()) return false;
  std::lock_guard<std::mutex> lock(mutex_);
  for (Waiter & waiter : waiters_) waiter.ask(queue);  // all, so that they wake up side by side
  for (Waiter & waiter : waiters_) waiter.wait_for_answer();
  return queue.has_ready();
}

void GuardThreads::remove(const rcl_guard_condition_t * rcl_guard, const Ready & ready) noexcept {
  if (!process_.is_this()) return;  // nor is there a thread that could touch it
  const rmw_guard_condition_t * guard = rcl_guard_condition_get_rmw_handle(rcl_guard);
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = places_.find(guard);
  if (found == places_.end() || !found->second->remove(ready)) return;
  waiters_.erase(found->second);
  places_.erase(found);
}

}  // namespace aiorcl
