// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Looks whether something is there to take, without taking it.
#pragma once

#include <rcl/service.h>
#include <rcl/subscription.h>
#include <rcl/wait.h>

#include <cstddef>

#include "dispatch/context_state.hpp"
#include "events/watch.hpp"

namespace aiorcl {

/// A wait set that is looked at once, and not waited on. The GIL is held meanwhile: no thread that
/// holds a lock of the middleware ever wants it.
class WaitSet {
 public:
  /// What it has room for.
  struct Size {
    std::size_t subscriptions = 0;
    std::size_t guard_conditions = 0;
    std::size_t timers = 0;
    std::size_t clients = 0;
    std::size_t services = 0;
    std::size_t events = 0;
  };

  /// There is no wait set without a context, nor of one that is shut down.
  WaitSet(const ContextState * context, const Size & size) noexcept;
  ~WaitSet();
  WaitSet(const WaitSet &) = delete;
  WaitSet & operator=(const WaitSet &) = delete;

  /// False if it cannot be looked at: then a take says why, or that nothing is there.
  bool look() noexcept;

  bool is_made() const noexcept { return made_; }
  rcl_wait_set_t & set() noexcept { return set_; }

 private:
  rcl_wait_set_t set_;
  bool made_;
};

/// True also if that cannot be told.
bool has_message(const ContextState * context, const rcl_subscription_t * subscription) noexcept;
bool has_request(const ContextState * context, const rcl_service_t * service) noexcept;
/// Of what `source` names of an action client or server.
bool has_action_message(const ContextState * context, Source source, const void * action) noexcept;

}  // namespace aiorcl
