// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A publisher: sends a message in one call, without the detour through rclpy's Python.
#pragma once

#include <rcl/publisher.h>

#include <string>

#include "dispatch/entity.hpp"
#include "messages/message_type.hpp"

namespace aiorcl {

/// Stands in for `publish` of one rclpy Publisher while its node is on the executor. Nothing runs
/// for it.
class Publisher final : public Entity {
 public:
  /// `publisher` is an rclpy Publisher.
  Publisher(Dispatcher & dispatcher, nanobind::object publisher, std::string label);
  ~Publisher() override;

  /// As rclpy's publish, also in its errors: TypeError unless `message` is one of the publisher's
  /// type or bytes, InvalidHandle after close(), RclError (an rclpy RCLError). Any thread that
  /// holds the GIL.
  void publish(nanobind::handle message);

  /// Puts publish() on the rclpy Publisher, until close().
  void install();

  Outcome run(Hooks) override { return Outcome::kNothing; }

 protected:
  /// Gives the rclpy Publisher its own `publish` back.
  void unwatch() override;

 private:
  const rcl_publisher_t * publisher_;
  MessageType type_;
  bool installed_ = false;
};

}  // namespace aiorcl
