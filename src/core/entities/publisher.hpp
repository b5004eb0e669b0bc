// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A publisher: sends a message in one call, without the detour through rclpy's Python.
#pragma once

#include <rcl/publisher.h>

#include <string>

#include "dispatch/entity.hpp"
#include "messages/message_type.hpp"

namespace aiorcl {

/// Can stand in for `publish` of one rclpy Publisher while its node is on the executor. Nothing
/// runs for it.
class Publisher final : public Entity {
 public:
  /// `publisher` is an rclpy Publisher.
  Publisher(Dispatcher & dispatcher, nanobind::object publisher, std::string label);

  /// As rclpy's publish, also in its errors: TypeError unless `message` is one of the publisher's
  /// type or bytes, InvalidHandle if the publisher is destroyed, RclError (an rclpy RCLError).
  /// After mute() or close() it hands over to it. Any thread that holds the GIL.
  void publish(nanobind::handle message);

  /// From now on until close() the rclpy publisher's own publish() is this one.
  void stand_in();

  /// True if publishing may wait for room: a reliable writer that keeps all of its history does
  /// until its readers have acknowledged enough of it.
  bool may_block() const noexcept { return may_block_; }

  Outcome run(Hooks, Claim &) override { return Outcome::kNothing; }

 private:
  void publish_by_rclpy(nanobind::handle message);

  template <typename Publish>
  rcl_ret_t without_gil(Publish publish);

  const rcl_publisher_t * publisher_;
  MessageType type_;
  bool may_block_ = false;
};

}  // namespace aiorcl
