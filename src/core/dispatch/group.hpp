// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// How many callbacks of a callback group may run at a time, and who waits for a place.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <utility>

#include "dispatch/retry.hpp"
#include "events/ready_queue.hpp"

namespace aiorcl {

/// Grants places to callbacks. What gets none is held back: it stays in no queue, its messages stay
/// in the middleware, and it is ready again when a callback of the group ends.
///
/// A group of the user's own class may open by anything, and nobody says so. rclpy asks it at every
/// turn; here it is asked, for each entity that it holds back, when one of its callbacks ends, at
/// each event of one of its entities, and by a timer (see Retry). It may remember what it is asked,
/// so it is asked only of what is there. GIL held throughout.
class Group {
 public:
  /// At most `limit` callbacks of the group run at a time.
  Group(std::shared_ptr<ReadyQueue> queue, std::size_t limit);

  /// The same, and its callbacks run in worker threads: `workers` makes of a callback a callable
  /// that returns a coroutine, which ends when the callback has.
  Group(std::shared_ptr<ReadyQueue> queue, std::size_t limit, nanobind::object workers);

  /// As `rules`, a rclpy CallbackGroup, says: asked by can_execute, beginning_execution and
  /// ending_execution, as rclpy's executors ask. `workers` as above, or None.
  Group(std::shared_ptr<ReadyQueue> queue, nanobind::object rules, nanobind::object workers);

  Group(const Group &) = delete;
  Group & operator=(const Group &) = delete;

  /// True if a callback may start now; then end() must follow. Not where the group asks().
  bool begin() noexcept {
    if (running_ >= limit_) return false;
    ++running_;
    return true;
  }

  /// The same where it asks(), of a callback of `entity`, the rclpy object. The answers of the
  /// user's rules are judged by their truth value. Throws what the rules raise.
  bool begin_if_permitted(nanobind::handle entity);

  /// Gives a place back, also when it throws what the rules raise.
  void end(nanobind::handle entity) {
    if (running_ > 0) --running_;
    if (!parked_.empty() || !asked_.empty()) again();
    if (rules.is_valid()) tell_ending(entity);
  }

  /// True if the user's rules decide: a place may become free without the end of a callback.
  bool asks() const noexcept { return rules.is_valid(); }

  /// Holds an entry back until a callback of the group ends.
  void park(Claim claim) { parked_.push_back(std::move(claim)); }

  /// The same where the group asks(): its events are in `retry` until then. forget() it when it is
  /// given back otherwise, and before it is destroyed. What has waited longest is asked first.
  void park(Retry & retry);
  void forget(Retry & retry) noexcept;

  /// Lets everything be tried again that is held back.
  void again() noexcept;

  std::size_t running() const noexcept { return running_; }

  /// The callback of `entity`, our object, as this group wants it called.
  nanobind::object callable(nanobind::object callback, nanobind::handle entity) const {
    return workers.is_valid() ? workers(callback, entity) : callback;
  }

  nanobind::object rules;  // these two public for the garbage collector only
  nanobind::object workers;

 private:
  void tell_ending(nanobind::handle entity) const;

  std::shared_ptr<ReadyQueue> queue_;
  std::size_t limit_;
  std::size_t running_ = 0;
  std::deque<Claim> parked_;
  std::list<Retry *> asked_;
};

}  // namespace aiorcl
