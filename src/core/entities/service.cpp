// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A service: takes a request, calls the callback, sends what it returns.
#include "entities/service.hpp"

#include <cstring>
#include <optional>

#include "dispatch/names.hpp"
#include "python/in_use.hpp"
#include "python/once.hpp"
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
  watch_ = add_source<Watch>(Source::kService, service_);
  poke();  // for the backlog, see Entity::settle()
}

Outcome Service::run(Hooks hooks, Claim & claim) {
  rmw_service_info_t info{};
  const rcl_ret_t ret = rcl_take_request_with_info(service_, &info, request_.get());
  // One event at a time: rmw_fastrtps takes and drops what tells of a client's end.
  if (!settle(claim, ret, RCL_RET_SERVICE_TAKE_FAILED, 1, "take a request")) {
    return Outcome::kNothing;
  }
  nb::object request = request_.to_python();
  nb::object callback = attribute(rclpy_entity(), names().callback);
  nb::object response = call_object(response_class_);
  callback = as_group_wants(callback);
  if (!may_call()) return Outcome::kNothing;
  response = call_object(callback, request, response);
  if (is_coroutine(response.ptr())) {
    call_method(hooks, names().start_service_callback, self(), response,
                nb::bytes(&info.request_id, sizeof info.request_id));
    return Outcome::kStarted;
  }
  send(response, info.request_id);
  return Outcome::kCalled;
}

void Service::respond(nb::handle response, nb::bytes request_id) {
  rmw_request_id_t id;
  if (request_id.size() != sizeof id) throw nb::value_error("Not a request id");
  std::memcpy(&id, request_id.data(), sizeof id);
  send(response, id);
}

void Service::send(nb::handle response, rmw_request_id_t & request_id) {
  if (response.is_none()) {
    PyErr_Format(PyExc_TypeError,
                 "The callback of %s returned None: write 'return response' at its end",
                 label().c_str());
    nb::raise_python_error();
  }
  RosMessage message(response_type_);
  message.from_python(response);  // may run any code, also such as closes this entity
  std::optional<InUse> handle;
  if (closed()) {
    if (rclpy_entity().is_none()) return;
    try {
      handle.emplace(attribute(rclpy_entity(), names().handle));
    } catch (nb::python_error & error) {
      static Imported invalid_handle{"rclpy.exceptions", "InvalidHandle"};
      if (!error.matches(invalid_handle.get())) throw;
      return;
    }
  }
  // The client may be gone, which rmw reports as a timeout: as rclpy, no reason to stop the server.
  check_unless(rcl_send_response(service_, &request_id, message.get()), RCL_RET_TIMEOUT,
               "send a response");
}

}  // namespace aiorcl
