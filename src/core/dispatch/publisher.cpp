// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A publisher: sends a message in one call.
#include "dispatch/publisher.hpp"

#include <rmw/serialized_message.h>

#include <utility>

#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

Publisher::Publisher(Dispatcher & dispatcher, nb::object publisher, std::string label)
    : Entity(dispatcher, publisher, publisher.attr("handle"), nb::none(), std::move(label)),
      publisher_(static_cast<const rcl_publisher_t *>(pointer())),
      type_(publisher.attr("msg_type")) {}

Publisher::~Publisher() = default;

void Publisher::unwatch() {
  if (installed_) rclpy_entity().attr("__dict__").attr("pop")("publish", nb::none());
}

void Publisher::install() {
  rclpy_entity().attr("__dict__").attr("setdefault")("publish", self().attr("publish"));
  installed_ = true;
}

void Publisher::publish(nb::handle message) {
  if (closed()) {
    PyErr_Format(nb::module_::import_("rclpy.exceptions").attr("InvalidHandle").ptr(),
                 "Cannot publish: %s is destroyed or on no executor", label().c_str());
    nb::raise_python_error();
  }
  // The GIL stays held, as in rclpy: no middleware thread ever wants it. A struct for each call:
  // the generated conversion expects a fresh one, and other threads may publish here too.
  if (PyBytes_CheckExact(message.ptr())) {
    rmw_serialized_message_t serialized = rmw_get_zero_initialized_serialized_message();
    serialized.buffer = reinterpret_cast<std::uint8_t *>(PyBytes_AS_STRING(message.ptr()));
    serialized.buffer_length = static_cast<std::size_t>(PyBytes_GET_SIZE(message.ptr()));
    serialized.buffer_capacity = serialized.buffer_length;
    check(rcl_publish_serialized_message(publisher_, &serialized, nullptr), "publish", label());
    return;
  }
  RosMessage ros_message(type_);
  type_.from_python(message, ros_message.get());
  check(rcl_publish(publisher_, ros_message.get(), nullptr), "publish", label());
}

}  // namespace aiorcl
