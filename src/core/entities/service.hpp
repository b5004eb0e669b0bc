// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A service: takes a request, calls the callback, sends what it returns.
#pragma once

#include <rcl/service.h>

#include "dispatch/entity.hpp"
#include "messages/message_type.hpp"

namespace aiorcl {

class Service final : public Entity {
 public:
  /// `service` is an rclpy Service. `sends_itself`: by a send_response of the user's own, which
  /// wants the header of rclpy, so that rclpy takes the request too.
  Service(Dispatcher & dispatcher, nanobind::object service, nanobind::object group,
          std::string label, bool sends_itself);

  /// A coroutine is handed to hooks.start_service_callback(entity, coroutine, request_id), and what
  /// could not be sent yet to hooks.response_unsent(entity, response, request_id).
  Outcome run(Hooks hooks, Claim & claim) override;

  /// Sends the response to the request that `request_id`, as start_service_callback was given it,
  /// names, also after close(); nothing if the rclpy service is destroyed. False if the middleware
  /// does not know yet where the client listens: it is there, and has asked, but is not matched.
  /// Throws nb::type_error naming the class if `response` is no Response of the service.
  bool respond(nanobind::handle response, nanobind::object request_id);

 protected:
  bool has_something(Hooks hooks, Claim & claim) override;
  std::uint64_t events() const noexcept override { return watch_->count(); }

 private:
  /// run() where the service sends itself.
  Outcome run_by_rclpy(Hooks hooks, Claim & claim);

  /// What the callback returns; an invalid object if it may not be called any more.
  nanobind::object call(nanobind::handle request);

  /// As respond().
  bool send(nanobind::handle response, rmw_request_id_t & request_id);
  void send_by_method(nanobind::handle response, nanobind::handle header);
  void check_returned(nanobind::handle response) const;

  rcl_service_t * service_;
  MessageType request_type_;
  MessageType response_type_;
  nanobind::handle request_class_;
  nanobind::handle response_class_;
  bool sends_itself_;
  RosMessage request_;
  Watch * watch_;
};

}  // namespace aiorcl
