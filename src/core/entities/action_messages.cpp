// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What rcl_action takes, sends and queues: one function of its for each kind of message.
#include "entities/action_messages.hpp"

#include <rcl_action/action_client.h>
#include <rcl_action/action_server.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

using Take = rcl_ret_t (*)(const void *, rmw_request_id_t *, void *);
using SendRequest = rcl_ret_t (*)(const rcl_action_client_t *, const void *, std::int64_t *);
using SendResponse = rcl_ret_t (*)(const rcl_action_server_t *, rmw_request_id_t *, void *);

template <typename Action, rcl_ret_t (*take)(const Action *, rmw_request_id_t *, void *)>
rcl_ret_t take_of_service(const void * action, rmw_request_id_t * id, void * ros_message) {
  return take(static_cast<const Action *>(action), id, ros_message);
}

template <rcl_ret_t (*take)(const rcl_action_client_t *, void *)>
rcl_ret_t take_of_topic(const void * action, rmw_request_id_t *, void * ros_message) {
  return take(static_cast<const rcl_action_client_t *>(action), ros_message);
}

// In the order of Source, from its first of an action on.
constexpr Take kTakes[] = {
    take_of_service<rcl_action_client_t, rcl_action_take_goal_response>,
    take_of_service<rcl_action_client_t, rcl_action_take_cancel_response>,
    take_of_service<rcl_action_client_t, rcl_action_take_result_response>,
    take_of_topic<rcl_action_take_feedback>,
    take_of_topic<rcl_action_take_status>,
    take_of_service<rcl_action_server_t, rcl_action_take_goal_request>,
    take_of_service<rcl_action_server_t, rcl_action_take_cancel_request>,
    take_of_service<rcl_action_server_t, rcl_action_take_result_request>,
};
static_assert(std::size(kTakes) ==
              kSources - static_cast<std::size_t>(Source::kActionGoalResponse));
constexpr SendRequest kSendRequests[] = {
    rcl_action_send_goal_request,
    rcl_action_send_cancel_request,
    rcl_action_send_result_request,
};
constexpr SendResponse kSendResponses[] = {
    rcl_action_send_goal_response,
    rcl_action_send_cancel_response,
    rcl_action_send_result_response,
};
static_assert(std::size(kSendRequests) ==
              static_cast<std::size_t>(Source::kActionFeedback) -
                  static_cast<std::size_t>(Source::kActionGoalResponse));
static_assert(std::size(kSendResponses) ==
              kSources - static_cast<std::size_t>(Source::kActionGoalRequest));

template <typename Function, std::size_t size>
Function function_of(const Function (&functions)[size], Source source, Source first) {
  const auto index = static_cast<std::size_t>(source) - static_cast<std::size_t>(first);
  if (index >= size) throw nb::value_error("Not of this action source");
  return functions[index];
}

std::optional<std::size_t> depth_of(const rmw_qos_profile_t & profile) {
  if (profile.history == RMW_QOS_POLICY_HISTORY_KEEP_ALL) return std::nullopt;
  return std::max<std::size_t>(1, profile.depth);  // of 0 the middleware makes its own default: 1
}

/// After the conversion, which may run any code, also such as destroys the handle: then nullptr,
/// which rcl_action refuses.
template <typename Entity>
const Entity * entity_of(nb::handle handle) {
  return reinterpret_cast<const Entity *>(nb::cast<std::uintptr_t>(handle.attr("pointer")));
}

}  // namespace

rcl_ret_t take_action_message(Source source, const void * action, rmw_request_id_t & id,
                              void * ros_message) {
  return function_of(kTakes, source, Source::kActionGoalResponse)(action, &id, ros_message);
}

bool found_nothing(rcl_ret_t ret) noexcept {
  // RCL_RET_ACTION_CLIENT_TAKE_FAILED and RCL_RET_ACTION_SERVER_TAKE_FAILED, of Jazzy and of newer
  // ones: one build serves all.
  return ret == 2103 || ret == 2201 || ret == 4103 || ret == 4201;
}

std::int64_t send_action_request(Source response, nb::handle client, const MessageType & type,
                                 nb::handle request) {
  const SendRequest send = function_of(kSendRequests, response, Source::kActionGoalResponse);
  RosMessage message(type);
  message.from_python(request);
  std::int64_t sequence = 0;
  check(send(entity_of<rcl_action_client_t>(client), message.get(), &sequence),
        "send the request of an action client");
  return sequence;
}

bool send_action_response(Source request, nb::handle server, const MessageType & type, nb::bytes id,
                          nb::handle response) {
  const SendResponse send = function_of(kSendResponses, request, Source::kActionGoalRequest);
  rmw_request_id_t request_id;
  if (id.size() != sizeof request_id) throw nb::value_error("Not a request id");
  std::memcpy(&request_id, id.data(), sizeof request_id);
  RosMessage message(type);
  message.from_python(response);
  // As a service does, for the same reason.
  return check_unless(send(entity_of<rcl_action_server_t>(server), &request_id, message.get()),
                      RCL_RET_TIMEOUT, "send the response of an action server");
}

void publish_action_feedback(nb::handle server, const MessageType & type, nb::handle message) {
  RosMessage ros_message(type);
  ros_message.from_python(message);
  check(rcl_action_publish_feedback(entity_of<rcl_action_server_t>(server), ros_message.get()),
        "publish the feedback of an action server");
}

std::vector<std::optional<std::size_t>> action_client_depths(std::uintptr_t client) {
  const rcl_action_client_options_t * options =
      rcl_action_client_get_options(reinterpret_cast<const rcl_action_client_t *>(client));
  if (options == nullptr) throw nb::value_error("Not an action client");
  return {depth_of(options->goal_service_qos), depth_of(options->cancel_service_qos)};
}

}  // namespace aiorcl
