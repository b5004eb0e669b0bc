// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A guard condition that makes an entity ready.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "events/guards.hpp"
#include "rcl_error.hpp"

namespace aiorcl {

/// Follows a guard condition for as long as it lives.
class FollowedGuard {
 public:
  /// Whether it sets `fired`, and GuardThreads::ask() looks at it.
  enum class Flag : bool { kNo, kYes };

  FollowedGuard(std::shared_ptr<GuardThreads> threads, const rcl_guard_condition_t * guard,
                Flag flag, Ready & ready)
      : threads_(std::move(threads)), guard_(guard), ready_(ready) {
    threads_->add(guard_, ready_, flag == Flag::kYes ? &fired : nullptr);
  }
  ~FollowedGuard() {
    threads_->remove(guard_, ready_);
    if (!process_.is_this()) return;
    if (fired || (gives_back && ready_.pending.load() > 0)) {
      ignore(rcl_trigger_guard_condition(const_cast<rcl_guard_condition_t *>(guard_)));
    }
  }
  FollowedGuard(const FollowedGuard &) = delete;
  FollowedGuard & operator=(const FollowedGuard &) = delete;

  const rcl_guard_condition_t * get() const noexcept { return guard_; }

  // What is left of them at the end is triggered again, for whoever waits next.
  std::atomic<bool> fired{false};  // set by each trigger
  bool gives_back = false;         // whatever is pending then was a trigger

 private:
  const Process process_;
  const std::shared_ptr<GuardThreads> threads_;
  const rcl_guard_condition_t * const guard_;
  Ready & ready_;
};

}  // namespace aiorcl
