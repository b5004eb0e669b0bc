// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Real rcl entities for the tests, each finalised with its object.
#pragma once

#include <rcl/client.h>
#include <rcl/context.h>
#include <rcl/event.h>
#include <rcl/guard_condition.h>
#include <rcl/node.h>
#include <rcl/publisher.h>
#include <rcl/service.h>
#include <rcl/subscription.h>
#include <rcl/time.h>
#include <rcl/timer.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace rcl {

/// What all of them are: rcl's struct at an address that stays, as those who watch it expect.
template <typename Struct>
class Entity {
 public:
  Entity(const Entity &) = delete;
  Entity & operator=(const Entity &) = delete;

  Struct * get() noexcept { return &entity_; }

 protected:
  explicit Entity(Struct zero) : entity_(zero) {}
  ~Entity() = default;

  Struct entity_;
};

/// Discovers nothing but what is in this context: not a packet leaves the process, and inside it
/// publishers and subscriptions, clients and services have found each other once they are made.
class Context : public Entity<rcl_context_t> {
 public:
  Context();
  ~Context();

  void shutdown();
};

class Node : public Entity<rcl_node_t> {
 public:
  explicit Node(Context & context);
  ~Node();
};

/// Sends std_msgs/Int64, reliably.
class Publisher : public Entity<rcl_publisher_t> {
 public:
  Publisher(Node & node, const char * topic, std::size_t depth = 1000);
  ~Publisher();

  /// Any thread.
  void publish(std::int64_t value);

 private:
  Node & node_;
};

class Subscription : public Entity<rcl_subscription_t> {
 public:
  Subscription(Node & node, const char * topic, std::size_t depth = 1000);
  ~Subscription();

  /// The next message, if there is one.
  std::optional<std::int64_t> take();

 private:
  Node & node_;
};

/// A std_srvs/SetBool.
class Service : public Entity<rcl_service_t> {
 public:
  Service(Node & node, const char * name);
  ~Service();

  /// Takes a request and answers it; false if there is none.
  bool answer();

 private:
  Node & node_;
};

class Client : public Entity<rcl_client_t> {
 public:
  Client(Node & node, const char * name);
  ~Client();

  /// Sends a request.
  void call();

  /// Takes a response; false if there is none.
  bool take();

 private:
  Node & node_;
};

/// The event that a subscription has found a publisher, or lost one.
class MatchedEvent : public Entity<rcl_event_t> {
 public:
  explicit MatchedEvent(Subscription & subscription);
  ~MatchedEvent();

  /// How many publishers there are now, or nothing if that did not change since the last take.
  std::optional<std::size_t> take();
};

class GuardCondition : public Entity<rcl_guard_condition_t> {
 public:
  explicit GuardCondition(Context & context);
  ~GuardCondition();

  /// Any thread.
  void trigger();
};

class Clock : public Entity<rcl_clock_t> {
 public:
  explicit Clock(rcl_clock_type_t type);
  ~Clock();

  /// Nanoseconds.
  std::int64_t now();

  /// For a clock of ROS time: switches to the time set here, and back to system time.
  void override_time(std::int64_t now);
  void follow_system_time();
};

class Timer : public Entity<rcl_timer_t> {
 public:
  /// `period` is in nanoseconds.
  Timer(Context & context, Clock & clock, std::int64_t period);
  ~Timer();

  void call();
  void cancel();
  void reset();
  void change_period(std::int64_t period);
  std::int64_t next_call_time();
};

}  // namespace rcl
