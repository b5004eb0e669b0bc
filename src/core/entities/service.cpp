// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A service: takes a request, calls the callback, sends what it returns.
#include "entities/service.hpp"

#include <cstring>
#include <optional>

#include "dispatch/names.hpp"
#include "entities/wait_set.hpp"
#include "python/in_use.hpp"
#include "python/once.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

bool says_destroyed(const nb::python_error & error) {
  static Imported invalid_handle{"rclpy.exceptions", "InvalidHandle"};
  return error.matches(invalid_handle.get());
}

}  // namespace

Service::Service(Dispatcher & dispatcher, nb::object service, nb::object group, std::string label,
                 bool sends_itself)
    : Entity(dispatcher, service, service.attr("handle"), std::move(group), std::move(label)),
      service_(static_cast<rcl_service_t *>(pointer())),
      request_type_(service.attr("srv_type").attr("Request")),
      response_type_(service.attr("srv_type").attr("Response")),
      request_class_(service.attr("srv_type").attr("Request")),
      response_class_(service.attr("srv_type").attr("Response")),
      sends_itself_(sends_itself),
      request_(request_type_) {
  watch_ = add_source<Watch>(Source::kService, service_);
  poke();  // for the backlog, see Entity::settle()
}

bool Service::has_something(Hooks, Claim & claim) {
  const std::uint64_t seen = claim.pending();
  if (has_request(ros_context(), service_)) return true;
  settle(claim, Taken::kNothing, seen);
  return false;
}

Outcome Service::run(Hooks hooks, Claim & claim) {
  if (sends_itself_) return run_by_rclpy(hooks, claim);
  rmw_service_info_t info{};
  const rcl_ret_t ret = rcl_take_request_with_info(service_, &info, request_.get());
  // One event at a time: rmw_fastrtps takes and drops what tells of a client's end.
  if (!settle(claim, ret, RCL_RET_SERVICE_TAKE_FAILED, 1, "take a request")) {
    return Outcome::kNothing;
  }
  const nb::object response = call(request_.to_python());
  if (!response.is_valid()) return Outcome::kNothing;
  if (is_coroutine(response.ptr())) {
    call_method(hooks, names().start_service_callback, self(), response,
                nb::bytes(&info.request_id, sizeof info.request_id));
    return Outcome::kStarted;
  }
  if (!send(response, info.request_id)) {
    call_method(hooks, names().response_unsent, self(), response,
                nb::bytes(&info.request_id, sizeof info.request_id));
  }
  return Outcome::kCalled;
}

Outcome Service::run_by_rclpy(Hooks hooks, Claim & claim) {
  nb::object taken;
  try {
    taken = call_method(attribute(rclpy_entity(), names().handle), names().service_take_request,
                        request_class_);
  } catch (nb::python_error &) {
    settle(claim, Taken::kFailed, 1);
    throw;
  }
  const nb::object header = taken[1];
  settle(claim, header.is_none() ? Taken::kNothing : Taken::kSomething, 1);
  if (header.is_none()) return Outcome::kNothing;
  const nb::object response = call(nb::object(taken[0]));
  if (!response.is_valid()) return Outcome::kNothing;
  if (is_coroutine(response.ptr())) {
    call_method(hooks, names().start_service_callback, self(), response, header);
    return Outcome::kStarted;
  }
  send_by_method(response, header);
  return Outcome::kCalled;
}

nb::object Service::call(nb::handle request) {
  nb::object callback = attribute(rclpy_entity(), names().callback);
  const nb::object response = call_object(response_class_);
  callback = as_group_wants(callback);
  if (!may_call()) return {};
  return call_object(callback, request, response);
}

bool Service::respond(nb::handle response, nb::object request_id) {
  if (sends_itself_) {
    send_by_method(response, request_id);
    return true;
  }
  rmw_request_id_t id;
  nb::bytes bytes;
  if (!nb::try_cast(request_id, bytes) || bytes.size() != sizeof id) {
    throw nb::value_error("Not a request id");
  }
  std::memcpy(&id, bytes.data(), sizeof id);
  return send(response, id);
}

bool Service::send(nb::handle response, rmw_request_id_t & request_id) {
  check_returned(response);
  RosMessage message(response_type_);
  message.from_python(response);  // may run any code, also such as closes this entity
  std::optional<InUse> handle;
  if (closed()) {
    if (rclpy_entity().is_none()) return true;
    try {
      handle.emplace(attribute(rclpy_entity(), names().handle));
    } catch (nb::python_error & error) {
      if (!says_destroyed(error)) throw;
      return true;
    }
  }
  // To a client that is gone rmw sends nothing, and all is well; a timeout is of one that is there.
  return check_unless(rcl_send_response(service_, &request_id, message.get()), RCL_RET_TIMEOUT,
                      "send a response");
}

void Service::send_by_method(nb::handle response, nb::handle header) {
  check_returned(response);
  if (rclpy_entity().is_none()) return;
  try {
    call_method(rclpy_entity(), names().send_response, response, header);
  } catch (nb::python_error & error) {
    if (!closed() || !says_destroyed(error)) throw;
  }
}

void Service::check_returned(nb::handle response) const {
  if (!response.is_none()) return;
  PyErr_Format(PyExc_TypeError,
               "The callback of %s returned None: write 'return response' at its end",
               label().c_str());
  nb::raise_python_error();
}

}  // namespace aiorcl
