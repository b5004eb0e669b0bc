// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A service: takes a request, calls the callback, sends what it returns.
#pragma once

#include <rcl/service.h>

#include <optional>

#include "dispatch/entity.hpp"
#include "messages/message_type.hpp"

namespace aiorcl {

class Service final : public Entity {
 public:
  /// `service` is an rclpy Service.
  Service(Dispatcher & dispatcher, nanobind::object service, nanobind::object group,
          std::string label);
  ~Service() override;

  /// A coroutine is handed to hooks._start_service_callback(entity, coroutine, request_id).
  Outcome run(Hooks hooks) override;

  /// Sends the response to the request that `request_id` names; nothing if the service is closed.
  /// Throws nb::type_error naming the class if `response` is no Response of the service.
  void respond(nanobind::handle response, nanobind::bytes request_id);

 protected:
  void unwatch() override;
  std::uint64_t events() const noexcept override { return watch_ ? watch_->count() : 0; }

 private:
  void send(nanobind::handle response, rmw_request_id_t & request_id);

  rcl_service_t * service_;
  MessageType request_type_;
  MessageType response_type_;
  nanobind::handle response_class_;
  RosMessage request_;
  std::optional<Watch> watch_;
};

}  // namespace aiorcl
