// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A client: takes a response and completes the future of its request.
#include "entities/client.hpp"

#include <nanobind/stl/vector.h>

#include <vector>

#include "dispatch/names.hpp"
#include "entities/outgoing.hpp"
#include "entities/rclpy_future.hpp"
#include "python/private_names.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

Client::Client(Dispatcher & dispatcher, nb::object client, std::string label, std::size_t depth,
               nb::object tell_crowded, std::shared_ptr<Requests> requests, bool finds_itself)
    : Entity(dispatcher, client, client.attr("handle"), nb::none(), std::move(label)),
      client_(static_cast<const rcl_client_t *>(pointer())),
      request_type_(client.attr("srv_type").attr("Request")),
      response_type_(client.attr("srv_type").attr("Response")),
      response_(response_type_),
      requests_(std::move(requests)),
      depth_(depth),
      finds_itself_(finds_itself),
      tell_crowded_(std::move(tell_crowded)) {
  outlive_context();  // it only completes futures
  watch_ = add_source<Watch>(Source::kClient, client_);
  poke();  // for the backlog, see Entity::settle()
  nb::object pending = attribute(client, rclpy_names().pending_requests);
  nb::object sent = nb::steal(PyDict_Keys(pending.ptr()));
  for (std::int64_t number : nb::cast<std::vector<std::int64_t>>(sent)) {
    requests_->sent(*this, number);
  }
}

Client::~Client() {
  requests_->leave(*this);
}

bool Client::awaits(std::int64_t number) const {
  if (closed()) return false;
  nb::object pending = attribute(rclpy_entity(), rclpy_names().pending_requests);
  const int found = PyDict_Contains(pending.ptr(), nb::int_(number).ptr());
  if (found < 0) nb::raise_python_error();
  return found == 1;
}

nb::object Client::call_async(nb::handle request) {
  if (!may_send()) return by_rclpy(names().call_async, request, "call");
  RosMessage message(request_type_);
  convert(request, message, "a request", *this);
  nb::object client = nb::borrow(rclpy_entity());
  nb::object future = new_rclpy_future();
  nb::object forget = attribute(client, names().remove_pending_request);
  nb::object callbacks = attribute(future, rclpy_names().callbacks);
  nb::object pending = attribute(client, rclpy_names().pending_requests);
  // rclpy's own lock, under which other threads look through the pending requests.
  nb::object lock = attribute(client, rclpy_names().lock);
  call_method(lock, names().acquire);
  if (!may_send()) {  // perhaps by code that ran above
    call_method(lock, names().release);
    return by_rclpy(names().call_async, request, "call");
  }
  std::int64_t sequence = 0;
  const rcl_ret_t ret = rcl_send_request(client_, message.get(), &sequence);
  // The response may be here by now, but who takes it needs the GIL.
  const bool noted = ret != RCL_RET_OK ||
                     (PyList_Append(callbacks.ptr(), forget.ptr()) == 0 &&
                      PyDict_SetItem(pending.ptr(), nb::int_(sequence).ptr(), future.ptr()) == 0);
  if (ret == RCL_RET_OK) requests_->sent(*this, sequence);
  const auto under_way = static_cast<std::size_t>(PyDict_Size(pending.ptr()));
  call_method(lock, names().release);
  if (!noted) nb::raise_python_error();
  check(ret, "call", label());
  if (under_way > depth_ && depth_ > 0) {
    depth_ = 0;
    call_object(tell_crowded_, client, nb::int_(under_way));
  }
  return future;
}

void Client::stand_in() {
  stand_in_for(names().call_async, names().request, [](Entity & self, nb::handle request) {
    return static_cast<Client &>(self).call_async(request);
  });
}

Outcome Client::run(Hooks hooks, Claim & claim) {
  rmw_service_info_t info{};
  const rcl_ret_t ret = rcl_take_response_with_info(client_, &info, response_.get());
  // One event at a time: rmw_fastrtps takes, counts and drops the responses to other clients of the
  // service.
  if (!settle(claim, ret, RCL_RET_CLIENT_TAKE_FAILED, 1, "take a response")) {
    return Outcome::kNothing;
  }
  nb::object response = response_.to_python();
  nb::object client = nb::borrow(rclpy_entity());
  if (!may_call()) return Outcome::kNothing;
  if (finds_itself_) {
    requests_->answered(*this, info.request_id.sequence_number);
    call_method(hooks, names().complete_request, client, nb::int_(info.request_id.sequence_number),
                response);
    return Outcome::kCalled;
  }
  nb::object future = pop_future(info.request_id.sequence_number);
  requests_->answered(*this, info.request_id.sequence_number);
  if (!future.is_valid()) return Outcome::kCalled;
  nb::object forget = attribute(client, names().remove_pending_request);
  if (!complete_rclpy_future(future, response, hooks, forget)) {
    call_method(hooks, names().complete_future, client, future, response);
  }
  return Outcome::kCalled;
}

nb::object Client::pop_future(std::int64_t sequence) {
  nb::object lock = attribute(rclpy_entity(), rclpy_names().lock);
  nb::object pending = attribute(rclpy_entity(), rclpy_names().pending_requests);
  nb::int_ key(sequence);
  call_method(lock, names().acquire);
  nb::object future = nb::borrow(PyDict_GetItemWithError(pending.ptr(), key.ptr()));
  const bool popped = future.is_valid() && PyDict_DelItem(pending.ptr(), key.ptr()) == 0;
  call_method(lock, names().release);
  if (!popped && PyErr_Occurred() != nullptr) nb::raise_python_error();
  return future;
}

}  // namespace aiorcl
