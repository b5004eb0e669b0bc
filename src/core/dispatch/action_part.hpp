// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// One part of an action client or server: what rcl_action tells of by one event callback.
#pragma once

#include <optional>

#include "dispatch/entity.hpp"

namespace aiorcl {

/// Goal, cancel and result responses, feedback and status of a client; goal, cancel and result
/// requests of a server: each is an entity with its own place in the queue and its own group.
///
/// rcl_action is not thread-safe: it is called under the GIL, as rclpy calls it. Taking and
/// executing are rclpy's own functions, so that is Python.
class ActionPart final : public Entity {
 public:
  /// `action` is an rclpy ActionClient or ActionServer and `handle` its handle, as `source` says.
  /// `take()` returns None if nothing was there; what it returns else goes to `execute(data)`,
  /// which returns a coroutine to start, or anything else if it is done.
  ActionPart(Dispatcher & dispatcher, nanobind::object action, nanobind::object handle,
             nanobind::object group, std::string label, Source source, nanobind::object take,
             nanobind::object execute);
  ~ActionPart() override;

  Outcome run(Hooks hooks) override;

  int traverse(visitproc visit, void * arg) override;
  void clear() override;

 protected:
  void unwatch() override;

 private:
  const Source source_;
  nanobind::object take_;
  nanobind::object execute_;
  std::optional<Watch> watch_;
};

}  // namespace aiorcl
