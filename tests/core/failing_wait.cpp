// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Lets rmw_wait fail.
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
  return __real_rmw_wait(subscriptions, guards, services, clients, events, wait_set, timeout);
}
}
