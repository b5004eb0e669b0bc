// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A client: takes a response and completes the future of its request.
#include "dispatch/client.hpp"

#include "dispatch/names.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

Client::Client(Dispatcher & dispatcher, nb::object client, std::string label)
    : Entity(dispatcher, client, client.attr("handle"), nb::none(), std::move(label)),
      client_(static_cast<const rcl_client_t *>(pointer())),
      type_(client.attr("srv_type").attr("Response")),
      response_(type_) {
  watch_.emplace(Source::kClient, client_, *ready_);
  poke();  // for the backlog, see Entity::settle()
}

Client::~Client() {
  watch_.reset();
}

void Client::unwatch() {
  watch_.reset();
}

Outcome Client::run(Hooks hooks) {
  rmw_service_info_t info{};
  const rcl_ret_t ret = rcl_take_response_with_info(client_, &info, response_.get());
  // One event at a time: rmw_fastrtps takes, counts and drops the responses to other clients of the
  // service.
  settle(ret == RCL_RET_OK, 1);
  if (!check_unless(ret, RCL_RET_CLIENT_TAKE_FAILED, "take a response")) return Outcome::kNothing;
  nb::object response = type_.to_python(response_.get());
  call_method(hooks, names().complete_request, rclpy_entity(),
              nb::int_(info.request_id.sequence_number), response);
  return Outcome::kCalled;
}

}  // namespace aiorcl
