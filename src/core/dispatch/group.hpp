// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// How many callbacks of a callback group may run at a time, and who waits for a place.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <deque>
#include <memory>

#include "events/ready_queue.hpp"

namespace aiorcl {

/// Grants places to callbacks. What gets none is parked: it stays in no queue, its messages stay in
/// the middleware, and it is ready again when a callback of the group ends. GIL held throughout.
class Group {
 public:
  /// At most `limit` callbacks of the group run at a time.
  Group(std::shared_ptr<ReadyQueue> queue, std::size_t limit);

  /// The same, and its callbacks run in worker threads: `workers` makes of a callback a callable
  /// that returns a coroutine, which ends when the callback has.
  Group(std::shared_ptr<ReadyQueue> queue, std::size_t limit, nanobind::object workers);

  /// As `rules`, a rclpy CallbackGroup, says: asked by can_execute, beginning_execution and
  /// ending_execution, as rclpy's executors ask.
  Group(std::shared_ptr<ReadyQueue> queue, nanobind::object rules);

  ~Group();
  Group(const Group &) = delete;
  Group & operator=(const Group &) = delete;

  /// True if a callback of `entity` (the rclpy object) may start now; then end() must follow.
  bool begin(nanobind::handle entity);

  void end(nanobind::handle entity);

  void park(Ready & ready) { parked_.push_back(&ready); }

  std::size_t running() const noexcept { return running_; }

  /// The callback as this group wants it called.
  nanobind::object callable(nanobind::object callback) const {
    return workers.is_valid() ? workers(callback) : callback;
  }

  nanobind::object rules;  // these two public for the garbage collector only
  nanobind::object workers;

 private:
  std::shared_ptr<ReadyQueue> queue_;
  std::size_t limit_;
  std::size_t running_ = 0;
  std::deque<Ready *> parked_;
};

}  // namespace aiorcl
