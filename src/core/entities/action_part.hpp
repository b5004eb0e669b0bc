// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// One part of an action client or server: what rcl_action tells of by one event callback.
#pragma once

#include "dispatch/entity.hpp"
#include "messages/message_type.hpp"

namespace aiorcl {

/// Goal, cancel and result responses, feedback and status of a client; goal, cancel and result
/// requests of a server: each is an entity with its own place in the queue and its own group.
///
class ActionPart final : public Entity {
 public:
  /// `action` is an rclpy ActionClient or ActionServer and `handle` its handle, as `source` says.
  /// A message of `message_class` is taken, and handed to `execute(data)`, which returns a
  /// coroutine to start, or anything else if it is done. `data` is what rclpy would take: the
  /// message, or the number of the request and its response, or a request's id (bytes here) and the
  /// request.
  ActionPart(Dispatcher & dispatcher, nanobind::object action, nanobind::object handle,
             nanobind::object group, std::string label, Source source,
             nanobind::handle message_class, nanobind::object execute);

  Outcome run(Hooks hooks, Claim & claim) override;

  int traverse(visitproc visit, void * arg) override;
  void clear() noexcept override;

 protected:
  bool has_something(Hooks hooks, Claim & claim) override;

 private:
  /// An invalid object if nothing was there. Counts it as handled before Python code runs.
  nanobind::object take(Claim & claim);

  const Source source_;
  const void * action_;
  MessageType type_;
  RosMessage message_;
  nanobind::object execute_;
  Watch * watch_;
};

}  // namespace aiorcl
