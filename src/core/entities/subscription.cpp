// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A subscription: takes a message and calls the callback with it.
#include "entities/subscription.hpp"

#include <rcutils/types/uint8_array.h>

#include <optional>

#include "dispatch/names.hpp"
#include "entities/wait_set.hpp"
#include "messages/message_info.hpp"
#include "python/finalizing.hpp"
#include "python/in_use.hpp"
#include "python/once.hpp"
#include "python/private_names.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

/// Whether the callback also wants the MessageInfo; rclpy decided so when the callback was set.
bool wants_info(nb::handle subscription) {
  static Once<nb::object> once;
  const nb::object & message_only = once.get([] {
    nb::object cls = nb::module_::import_("rclpy.subscription").attr("Subscription");
    return nb::object(cls.attr("CallbackType").attr("MessageOnly"));
  });
  return !attribute(subscription, rclpy_names().callback_type).is(message_only);
}

/// Where the callback is: behind rclpy's property, which is a call of Python, unless a subclass has
/// one of its own.
PyObject * callback_name(nb::handle subscription) {
  nb::object cls = nb::module_::import_("rclpy.subscription").attr("Subscription");
  const bool is_rclpys =
      nb::hasattr(cls, "callback") && nb::hasattr(subscription, rclpy_names().callback) &&
      nb::getattr(subscription.type(), "callback").is(nb::getattr(cls, "callback"));
  return is_rclpys ? rclpy_names().callback : names().callback;
}

}  // namespace

Subscription::Subscription(Dispatcher & dispatcher, nb::object subscription, nb::object group,
                           std::string label, bool with_gid)
    : Entity(dispatcher, subscription, subscription.attr("handle"), std::move(group),
             std::move(label)),
      subscription_(static_cast<const rcl_subscription_t *>(pointer())),
      type_(subscription.attr("msg_type")),
      message_(type_),
      serialized_(rcutils_get_zero_initialized_uint8_array()),
      callback_name_(callback_name(subscription)),
      raw_(nb::cast<bool>(subscription.attr("raw"))),
      with_gid_(with_gid) {
  serialized_.allocator = rcutils_get_default_allocator();
  watch_ = add_source<Watch>(Source::kSubscription, subscription_);
  poke();  // for the backlog, see Entity::settle()
}

Subscription::~Subscription() {
  ignore(rcutils_uint8_array_fini(&serialized_));
}

bool Subscription::has_something(Hooks, Claim & claim) {
  const std::uint64_t seen = claim.pending();
  if (has_message(ros_context(), subscription_)) return true;
  settle(claim, Taken::kNothing, seen);
  return false;
}

nb::object Subscription::take(Claim & claim, rmw_message_info_t & info) {
  const std::uint64_t seen = claim.pending();
  const rcl_ret_t ret = take_struct(info);
  // Nothing found: KEEP_LAST dropped the messages of all events that were seen before the take.
  if (!settle(claim, ret, RCL_RET_SUBSCRIPTION_TAKE_FAILED, seen, "take a message")) return {};
  if (raw_) return nb::bytes(serialized_.buffer, serialized_.buffer_length);
  return message_.to_python();
}

rcl_ret_t Subscription::take_struct(rmw_message_info_t & info) {
  if (raw_) return rcl_take_serialized_message(subscription_, &serialized_, &info, nullptr);
  // The GIL stays held: no middleware thread ever wants it, so this cannot deadlock; and releasing
  // it around each take costs up to a switch interval (5 ms) a message beside a busy Python thread.
  // Not so for large messages, which take long themselves; the last one tells how large they are.
  if (!message_.is_large() || changes_ > 0)
    return rcl_take(subscription_, message_.get(), &info, nullptr);
  // Another thread may destroy the subscription meanwhile, and close this entity.
  std::optional<InUse> handle;
  try {
    handle.emplace(attribute(rclpy_entity(), names().handle));
  } catch (nb::python_error &) {  // it is to be destroyed as soon as this entity is closed
  }
  // By a finalizer, say: rclpy's property is code of Python.
  if (closed()) return RCL_RET_SUBSCRIPTION_TAKE_FAILED;
  if (!handle || changes_ > 0) return rcl_take(subscription_, message_.get(), &info, nullptr);
  return take_without_gil(info);
}

rcl_ret_t Subscription::take_without_gil(rmw_message_info_t & info) {
  const auto note = [this](bool takes) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      takes_ = takes;
    }
    if (!takes) taken_.notify_all();
  };
  note(true);  // before the GIL is given away, so that begin_change() sees it
  const WithoutGil released;
  const rcl_ret_t ret = rcl_take(subscription_, message_.get(), &info, nullptr);
  note(false);
  return ret;
}

void Subscription::begin_change() {
  ++changes_;
  const WithoutGil released;
  std::unique_lock<std::mutex> lock(mutex_);
  taken_.wait(lock, [this] { return !takes_; });
}

Outcome Subscription::run(Hooks hooks, Claim & claim) {
  rmw_message_info_t info = rmw_get_zero_initialized_message_info();
  nb::object message = take(claim, info);
  if (!message.is_valid()) return Outcome::kNothing;
  nb::object callback = attribute(rclpy_entity(), callback_name_);
  if (wants_info(rclpy_entity())) {
    nb::dict dict = message_info(info, with_gid_);
    PyObject * args[] = {message.ptr(), dict.ptr()};
    return call(hooks, callback.ptr(), args, 2);
  }
  PyObject * args[] = {message.ptr()};
  return call(hooks, callback.ptr(), args, 1);
}

}  // namespace aiorcl
