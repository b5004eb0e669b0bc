// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A client: sends a request, takes the response, and completes the future.
#pragma once

#include <rcl/client.h>

#include <memory>

#include "dispatch/entity.hpp"
#include "entities/requests.hpp"
#include "messages/message_type.hpp"

namespace aiorcl {

class Client final : public Entity {
 public:
  /// `client` is an rclpy Client. It has no group: what only completes futures is never held back.
  /// When more than `depth` requests are pending at once, `tell_crowded(client, pending)` is
  /// called, a single time; never if `depth` is 0. `requests` are those of all clients of the
  /// service; a call_async() that is not ours enters nothing. `finds_itself`: methods of the user's
  /// own look for the future of a response.
  Client(Dispatcher & dispatcher, nanobind::object client, std::string label, std::size_t depth,
         nanobind::object tell_crowded, std::shared_ptr<Requests> requests, bool finds_itself);
  ~Client() override;

  /// As rclpy's call_async, also in its errors: TypeError unless `request` is one of the client's
  /// type, InvalidHandle if the client is destroyed, RclError (an rclpy RCLError). Can stand in for
  /// it; after close() it hands over to it. Any thread that holds the GIL. Returns a rclpy Future,
  /// which the client keeps until it is done.
  nanobind::object call_async(nanobind::handle request);

  /// Whether somebody waits for the response to a request of this number, as far as it can come.
  bool awaits(std::int64_t number) const;

  /// From now on until close() the rclpy client's own call_async() is this one.
  void stand_in();

  /// Completes the future of the request, if it is pending yet; one that is not just rclpy's by
  /// hooks.complete_future(client, future, response). Where the client finds it itself, by
  /// hooks.complete_request(client, number, response).
  Outcome run(Hooks hooks, Claim & claim) override;

 protected:
  std::uint64_t events() const noexcept override { return watch_->count(); }

 private:
  /// Takes it out of the pending requests; an invalid object if it was cancelled.
  nanobind::object pop_future(std::int64_t sequence);

  const rcl_client_t * client_;
  MessageType request_type_;
  MessageType response_type_;
  RosMessage response_;
  Watch * watch_;
  std::shared_ptr<Requests> requests_;
  std::size_t depth_;
  bool finds_itself_;
  nanobind::object tell_crowded_;  // a function of a module: no cycle
};

}  // namespace aiorcl
