// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A service: takes a request, calls the callback, sends what it returns.
#include "entities/service.hpp"

#include <cstring>

#include "dispatch/names.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

Service::Service(Dispatcher & dispatcher, nb::object service, nb::object group, std::string label)
    : Entity(dispatcher, service, service.attr("handle"), std::move(group), std::move(label)),
      service_(static_cast<rcl_service_t *>(pointer())),
      request_type_(service.attr("srv_type").attr("Request")),
      response_type_(service.attr("srv_type").attr("Response")),
      response_class_(service.attr("srv_type").attr("Response")),
      request_(request_type_) {
  watch_.emplace(Source::kService, service_, *ready_);
  poke();  // for the backlog, see Entity::settle()
}

Service::~Service() {
  watch_.reset();
}

void Service::unwatch() {
  watch_.reset();
}

Outcome Service::run(Hooks hooks) {
  rmw_service_info_t info{};
  const rcl_ret_t ret = rcl_take_request_with_info(service_, &info, request_.get());
  // One event at a time: rmw_fastrtps takes and drops what tells of a client's end.
  settle(ret == RCL_RET_OK, 1);
  if (!check_unless(ret, RCL_RET_SERVICE_TAKE_FAILED, "take a request")) return Outcome::kNothing;
  nb::object request = request_.to_python();
  nb::object callback = attribute(rclpy_entity(), names().callback);
  nb::object response = as_group_wants(callback)(request, response_class_());
  if (is_coroutine(response.ptr())) {
    hooks.attr("_start_service_callback")(nb::find(this), response,
                                          nb::bytes(&info.request_id, sizeof info.request_id));
    return Outcome::kStarted;
  }
  if (!closed()) send(response, info.request_id);
  return Outcome::kCalled;
}

void Service::respond(nb::handle response, nb::bytes request_id) {
  rmw_request_id_t id;
  if (request_id.size() != sizeof id) throw nb::value_error("Not a request id");
  std::memcpy(&id, request_id.data(), sizeof id);
  if (!closed()) send(response, id);
}

void Service::send(nb::handle response, rmw_request_id_t & request_id) {
  RosMessage message(response_type_);
  message.from_python(response);
  // The client may be gone, which rmw reports as a timeout: as rclpy, no reason to stop the server.
  check_unless(rcl_send_response(service_, &request_id, message.get()), RCL_RET_TIMEOUT,
               "send a response");
}

}  // namespace aiorcl
