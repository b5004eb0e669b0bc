// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The events of an entity that cannot be handled now.
#include "dispatch/retry.hpp"

#include <algorithm>
#include <utility>

#include "events/steady_time.hpp"

namespace aiorcl {

void Retry::set_aside(std::uint64_t events, std::int64_t since, std::int64_t longest) {
  if (events == 0) return;
  longest_ = longest;
  if (events_ == 0) {
    queue_.insert(*this, TimerQueue::kSteady, steady_now() + delay_);
    since_ = since;
  }
  events_ += events;
}

void Retry::again() noexcept {
  // The timer that is over has made one event pending itself.
  const std::uint64_t left = events();
  if (is_over()) delay_ = std::min(2 * delay_, longest_);
  events_ = 0;
  queue_.remove(*this);
  given_back_ = true;
  if (left > 0) ready_.add(left);
}

Retry::Return Retry::take_back() noexcept {
  const bool waited = events_ > 0;
  const bool fresh = waited ? !is_over() : !given_back_;
  if (waited) again();
  return {fresh, std::exchange(given_back_, false) ? since_ : 0};
}

}  // namespace aiorcl
