// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The rcl entities that the benchmark programs need, each released by its owner's destructor.
#pragma once

#include <rcl/error_handling.h>
#include <rcl/rcl.h>
#include <rosidl_runtime_c/message_type_support_struct.h>
#include <rosidl_runtime_c/service_type_support_struct.h>
#include <std_msgs/msg/int64.h>
#include <std_srvs/srv/empty.h>
#include <time.h>

#include <csignal>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>

namespace benchmarks {

constexpr std::size_t kDepth = 10;

inline void check(rcl_ret_t ret, const std::string & what) {
  if (ret == RCL_RET_OK) return;
  const std::string reason = rcl_get_error_string().str;
  rcl_reset_error();
  throw std::runtime_error("Cannot " + what + ": " + reason);
}

/// Destructors cannot report that a release failed.
inline void ignore(rcl_ret_t) {}

/// The time of a clock that every process of the machine shares.
inline std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

/// Have the kernel end this process when its parent ends, however that ends.
inline void die_with_parent(long parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) throw std::runtime_error("The benchmark has ended");
}

class Node {
 public:
  explicit Node(const char * name) {
    rcl_init_options_t options = rcl_get_zero_initialized_init_options();
    check(rcl_init_options_init(&options, rcl_get_default_allocator()), "make init options");
    const rcl_ret_t ret = rcl_init(0, nullptr, &options, &context_);
    check(rcl_init_options_fini(&options), "release init options");
    check(ret, "initialise rcl");
    rcl_node_options_t node_options = rcl_node_get_default_options();
    check(rcl_node_init(&node_, name, "", &context_, &node_options), "make a node");
  }
  ~Node() {
    ignore(rcl_node_fini(&node_));
    ignore(rcl_shutdown(&context_));
    ignore(rcl_context_fini(&context_));
  }
  Node(const Node &) = delete;
  Node & operator=(const Node &) = delete;

  rcl_node_t * get() { return &node_; }
  rcl_context_t * context() { return &context_; }

 private:
  rcl_context_t context_ = rcl_get_zero_initialized_context();
  rcl_node_t node_ = rcl_get_zero_initialized_node();
};

class Publisher {
 public:
  Publisher(Node & node, const std::string & topic) : node_(node) {
    rcl_publisher_options_t options = rcl_publisher_get_default_options();
    options.qos.depth = kDepth;
    const auto * type = ROSIDL_GET_MSG_TYPE_SUPPORT(std_msgs, msg, Int64);
    check(
        rcl_publisher_init(&publisher_, node.get(), type, topic.c_str(), &options),
        "publish " + topic);
  }
  ~Publisher() { ignore(rcl_publisher_fini(&publisher_, node_.get())); }
  Publisher(const Publisher &) = delete;
  Publisher & operator=(const Publisher &) = delete;

  void publish(const std_msgs__msg__Int64 & message) {
    check(rcl_publish(&publisher_, &message, nullptr), "publish a message");
  }
  bool matched() {
    std::size_t count = 0;
    check(rcl_publisher_get_subscription_count(&publisher_, &count), "count subscriptions");
    return count > 0;
  }

 private:
  Node & node_;
  rcl_publisher_t publisher_ = rcl_get_zero_initialized_publisher();
};

class Subscription {
 public:
  Subscription(Node & node, const std::string & topic) : node_(node) {
    rcl_subscription_options_t options = rcl_subscription_get_default_options();
    options.qos.depth = kDepth;
    const auto * type = ROSIDL_GET_MSG_TYPE_SUPPORT(std_msgs, msg, Int64);
    check(
        rcl_subscription_init(&subscription_, node.get(), type, topic.c_str(), &options),
        "subscribe to " + topic);
  }
  ~Subscription() { ignore(rcl_subscription_fini(&subscription_, node_.get())); }
  Subscription(const Subscription &) = delete;
  Subscription & operator=(const Subscription &) = delete;

  /// Take the next message; false if there is none.
  bool take(std_msgs__msg__Int64 & message) {
    const rcl_ret_t ret = rcl_take(&subscription_, &message, nullptr, nullptr);
    if (ret == RCL_RET_SUBSCRIPTION_TAKE_FAILED) {
      rcl_reset_error();
      return false;
    }
    check(ret, "take a message");
    return true;
  }
  const rcl_subscription_t * get() const { return &subscription_; }

 private:
  Node & node_;
  rcl_subscription_t subscription_ = rcl_get_zero_initialized_subscription();
};

}  // namespace benchmarks
