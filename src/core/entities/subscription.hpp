// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A subscription: takes a message and calls the callback with it.
#pragma once

#include <rcl/subscription.h>

#include <condition_variable>
#include <memory>
#include <mutex>

#include "dispatch/entity.hpp"
#include "messages/message_type.hpp"

namespace aiorcl {

class Subscription final : public Entity {
 public:
  /// `subscription` is an rclpy Subscription; `with_gid` as for message_info().
  Subscription(Dispatcher & dispatcher, nanobind::object subscription, nanobind::object group,
               std::string label, bool with_gid);
  ~Subscription() override;

  Outcome run(Hooks hooks, Claim & claim) override;

  /// From now on until end_change() what is taken is taken with the GIL held, and nothing is when
  /// this returns: the middleware is about to make anew what messages are taken from. Any thread
  /// that holds the GIL, which it gives away while it waits.
  void begin_change();
  void end_change() noexcept { --changes_; }

 protected:
  bool has_something(Hooks hooks, Claim & claim) override;
  std::uint64_t events() const noexcept override { return watch_->count(); }

 private:
  /// The message, or an invalid object if there is none. Counts it as handled before Python code
  /// runs.
  nanobind::object take(Claim & claim, rmw_message_info_t & info);
  rcl_ret_t take_struct(rmw_message_info_t & info);
  rcl_ret_t take_without_gil(rmw_message_info_t & info);

  const rcl_subscription_t * subscription_;
  MessageType type_;
  RosMessage message_;
  rcl_serialized_message_t serialized_;
  PyObject * const callback_name_;
  const bool raw_;
  const bool with_gid_;
  Watch * watch_;
  int changes_ = 0;  // guarded by the GIL
  // Nobody who holds it waits for the GIL, so that whoever holds the GIL may wait for it.
  std::mutex mutex_;
  std::condition_variable taken_;
  bool takes_ = false;  // guarded by mutex_: a message is being taken without the GIL
};

}  // namespace aiorcl
