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

void Publisher::publish(nb::handle message) {
  // The GIL stays held, as in rclpy: no middleware thread ever wants it. A struct for each call,
  // because other threads may publish here too.
  if (PyBytes_CheckExact(message.ptr())) {
    if (closed()) raise_invalid_handle("publish");
    rmw_serialized_message_t serialized = rmw_get_zero_initialized_serialized_message();
    serialized.buffer = reinterpret_cast<std::uint8_t *>(PyBytes_AS_STRING(message.ptr()));
    serialized.buffer_length = static_cast<std::size_t>(PyBytes_GET_SIZE(message.ptr()));
    serialized.buffer_capacity = serialized.buffer_length;
    check(rcl_publish_serialized_message(publisher_, &serialized, nullptr), "publish", label());
    return;
  }
  RosMessage ros_message(type_);
  ros_message.from_python(message);
  if (closed()) raise_invalid_handle("publish");  // not before: the conversion may run any code
  check(ros_message.is_large() ? publish_without_gil(ros_message.get())
                               : rcl_publish(publisher_, ros_message.get(), nullptr),
        "publish", label());
}

rcl_ret_t Publisher::publish_without_gil(const void * ros_message) {
  // Another thread may close this entity meanwhile, which holds the handle in use otherwise.
  nb::object handle = rclpy_entity().attr("handle");
  handle.attr("__enter__")();
  rcl_ret_t ret;
  {
    nb::gil_scoped_release release;
    ret = rcl_publish(publisher_, ros_message, nullptr);
  }
  handle.attr("__exit__")(nb::none(), nb::none(), nb::none());
  return ret;
}

}  // namespace aiorcl
