// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A publisher: sends a message in one call.
#include "entities/publisher.hpp"

#include <rmw/serialized_message.h>

#include <utility>

#include "dispatch/names.hpp"
#include "entities/outgoing.hpp"
#include "python/finalizing.hpp"
#include "python/in_use.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

Publisher::Publisher(Dispatcher & dispatcher, nb::object publisher, std::string label)
    : Entity(dispatcher, publisher, publisher.attr("handle"), nb::none(), std::move(label)),
      publisher_(static_cast<const rcl_publisher_t *>(pointer())),
      type_(publisher.attr("msg_type")) {
  const rmw_qos_profile_t * qos = rcl_publisher_get_actual_qos(publisher_);
  if (qos == nullptr) check(RCL_RET_PUBLISHER_INVALID, "look at the profile", this->label());
  may_block_ = qos->history == RMW_QOS_POLICY_HISTORY_KEEP_ALL &&
               qos->reliability != RMW_QOS_POLICY_RELIABILITY_BEST_EFFORT;
}

void Publisher::publish(nb::handle message) {
  // The GIL stays held, as in rclpy, unless this takes long: no middleware thread ever wants it. A
  // struct for each call, because other threads may publish here too.
  if (!may_send()) return publish_by_rclpy(message);
  if (PyBytes_Check(message.ptr())) {
    rmw_serialized_message_t serialized = rmw_get_zero_initialized_serialized_message();
    serialized.buffer = reinterpret_cast<std::uint8_t *>(PyBytes_AS_STRING(message.ptr()));
    serialized.buffer_length = static_cast<std::size_t>(PyBytes_GET_SIZE(message.ptr()));
    serialized.buffer_capacity = serialized.buffer_length;
    const auto publish = [&] {
      return rcl_publish_serialized_message(publisher_, &serialized, nullptr);
    };
    check(may_block_ ? without_gil(publish) : publish(), "publish", label());
    return;
  }
  RosMessage ros_message(type_);
  convert(message, ros_message, "a message", *this);
  if (!may_send()) return publish_by_rclpy(message);  // again: the conversion may run any code
  const auto publish = [&] { return rcl_publish(publisher_, ros_message.get(), nullptr); };
  check(may_block_ || ros_message.is_large() ? without_gil(publish) : publish(), "publish",
        label());
}

void Publisher::stand_in() {
  stand_in_for(names().publish, names().msg, [](Entity & self, nb::handle message) {
    static_cast<Publisher &>(self).publish(message);
    return nb::object(nb::none());
  });
}

void Publisher::publish_by_rclpy(nb::handle message) {
  by_rclpy(names().publish, message, "publish");
}

template <typename Publish>
rcl_ret_t Publisher::without_gil(Publish publish) {
  // Another thread may close this entity meanwhile, which holds the handle in use otherwise.
  const InUse handle(attribute(rclpy_entity(), names().handle));
  const WithoutGil released;
  return publish();
}

}  // namespace aiorcl
