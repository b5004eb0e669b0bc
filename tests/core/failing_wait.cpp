// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Lets rmw_wait fail, or holds it up, and sees what is triggered meanwhile.
#include "failing_wait.hpp"

#include <rmw/error_handling.h>
#include <rmw/rmw.h>

#include <condition_variable>
#include <mutex>

namespace {

std::mutex mutex;
std::condition_variable failures_changed;
bool failing = false;
int failures = 0;

enum class Hold { kNobody, kNext, kHeld, kReleased };

std::condition_variable hold_changed;
Hold hold = Hold::kNobody;
int triggers = 0;

}  // namespace

FailingWait::FailingWait() {
  std::lock_guard<std::mutex> lock(mutex);
  failing = true;
  failures = 0;
}

FailingWait::~FailingWait() {
  std::lock_guard<std::mutex> lock(mutex);
  failing = false;
}

void FailingWait::wait_for(int count) {
  std::unique_lock<std::mutex> lock(mutex);
  failures_changed.wait(lock, [count] { return failures >= count; });
}

HeldWait::HeldWait() {
  std::lock_guard<std::mutex> lock(mutex);
  hold = Hold::kNext;
  triggers = 0;
}

HeldWait::~HeldWait() {
  release();
}

void HeldWait::wait_until_held() {
  std::unique_lock<std::mutex> lock(mutex);
  hold_changed.wait(lock, [] { return hold == Hold::kHeld; });
}

void HeldWait::wait_for_triggers(int count) {
  std::unique_lock<std::mutex> lock(mutex);
  hold_changed.wait(lock, [count] { return triggers >= count; });
}

void HeldWait::release() {
  std::lock_guard<std::mutex> lock(mutex);
  hold = Hold::kReleased;
  hold_changed.notify_all();
}

// The linker's option --wrap=rmw_wait puts this between the program and the middleware.
extern "C" {
rmw_ret_t __real_rmw_wait(rmw_subscriptions_t * subscriptions, rmw_guard_conditions_t * guards,
                          rmw_services_t * services, rmw_clients_t * clients, rmw_events_t * events,
                          rmw_wait_set_t * wait_set, const rmw_time_t * timeout);

rmw_ret_t __wrap_rmw_wait(rmw_subscriptions_t * subscriptions, rmw_guard_conditions_t * guards,
                          rmw_services_t * services, rmw_clients_t * clients, rmw_events_t * events,
                          rmw_wait_set_t * wait_set, const rmw_time_t * timeout) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (failing) {
      ++failures;
      failures_changed.notify_all();
      RMW_SET_ERROR_MSG("no memory");
      return RMW_RET_BAD_ALLOC;
    }
  }
  const rmw_ret_t ret =
      __real_rmw_wait(subscriptions, guards, services, clients, events, wait_set, timeout);
  std::unique_lock<std::mutex> lock(mutex);
  if (timeout == nullptr && hold == Hold::kNext && ret == RMW_RET_OK) {
    hold = Hold::kHeld;
    hold_changed.notify_all();
    hold_changed.wait(lock, [] { return hold != Hold::kHeld; });
  }
  return ret;
}

// The same for --wrap=rmw_trigger_guard_condition.
rmw_ret_t __real_rmw_trigger_guard_condition(const rmw_guard_condition_t * guard);

rmw_ret_t __wrap_rmw_trigger_guard_condition(const rmw_guard_condition_t * guard) {
  const rmw_ret_t ret = __real_rmw_trigger_guard_condition(guard);
  std::lock_guard<std::mutex> lock(mutex);
  ++triggers;
  hold_changed.notify_all();
  return ret;
}
}
