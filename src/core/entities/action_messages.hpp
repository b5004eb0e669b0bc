// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What rcl_action takes, sends and queues: one function of its for each kind of message.
#pragma once

#include <nanobind/nanobind.h>
#include <rcl/types.h>
#include <rmw/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "events/watch.hpp"
#include "messages/message_type.hpp"

namespace aiorcl {

// rcl_action is not thread-safe: the GIL is held in all of these, as rclpy holds it. `client` and
// `server` are rclpy's handles. Those that send throw what Publisher::publish throws; RclError also
// if the handle is destroyed, as rclpy does.

/// Takes one message of the kind that `source` tells of; `id` is left alone by feedback and status.
rcl_ret_t take_action_message(Source source, const void * action, rmw_request_id_t & id,
                              void * ros_message);

/// True if that is what it returned because there was nothing to take.
bool found_nothing(rcl_ret_t ret) noexcept;

/// Sends a request, named by what will tell of its response, and returns its number.
std::int64_t send_action_request(Source response, nanobind::handle client, const MessageType & type,
                                 nanobind::handle request);

/// Sends the response to the request that `id`, an rmw_request_id_t, names; nothing if the client
/// is gone. False if the middleware does not know yet where it listens, as of Service::respond.
bool send_action_response(Source request, nanobind::handle server, const MessageType & type,
                          nanobind::bytes id, nanobind::handle response);

void publish_action_feedback(nanobind::handle server, const MessageType & type,
                             nanobind::handle message);

/// How many messages the queues hold by which a client, an rcl_action_client_t, asks for goals and
/// for cancellations; nothing if there is no limit.
std::vector<std::optional<std::size_t>> action_client_depths(std::uintptr_t client);

}  // namespace aiorcl
