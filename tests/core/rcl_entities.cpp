// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Real rcl entities for the tests, each finalised with its object.
#include "rcl_entities.hpp"

#include <rcl/init.h>
#include <rcl/init_options.h>
#include <rmw/init_options.h>
#include <rmw/qos_profiles.h>
#include <std_msgs/msg/int64.h>
#include <std_srvs/srv/set_bool.h>

#include "rcl_error.hpp"

using aiorcl::check;
using aiorcl::check_unless;
using aiorcl::ignore;

namespace rcl {

namespace {

const rosidl_message_type_support_t * message_type() {
  return ROSIDL_GET_MSG_TYPE_SUPPORT(std_msgs, msg, Int64);
}

const rosidl_service_type_support_t * service_type() {
  return ROSIDL_GET_SRV_TYPE_SUPPORT(std_srvs, srv, SetBool);
}

}  // namespace

Context::Context() : Entity(rcl_get_zero_initialized_context()) {
  rcl_init_options_t options = rcl_get_zero_initialized_init_options();
  check(rcl_init_options_init(&options, rcl_get_default_allocator()), "initialize options");
  rcl_init_options_get_rmw_init_options(&options)->discovery_options.automatic_discovery_range =
      RMW_AUTOMATIC_DISCOVERY_RANGE_OFF;
  const rcl_ret_t ret = rcl_init(0, nullptr, &options, &entity_);
  ignore(rcl_init_options_fini(&options));
  check(ret, "initialize a context");
}

Context::~Context() {
  if (rcl_context_is_valid(&entity_)) ignore(rcl_shutdown(&entity_));
  ignore(rcl_context_fini(&entity_));
}

void Context::shutdown() {
  check(rcl_shutdown(&entity_), "shut a context down");
}

Node::Node(Context & context) : Entity(rcl_get_zero_initialized_node()) {
  const rcl_node_options_t options = rcl_node_get_default_options();
  check(rcl_node_init(&entity_, "core_tests", "", context.get(), &options), "create a node");
}

Node::~Node() {
  ignore(rcl_node_fini(&entity_));
}

Publisher::Publisher(Node & node, const char * topic, std::size_t depth)
    : Entity(rcl_get_zero_initialized_publisher()), node_(node) {
  rcl_publisher_options_t options = rcl_publisher_get_default_options();
  options.qos = rmw_qos_profile_default;
  options.qos.depth = depth;
  check(rcl_publisher_init(&entity_, node.get(), message_type(), topic, &options),
        "create a publisher");
}

Publisher::~Publisher() {
  ignore(rcl_publisher_fini(&entity_, node_.get()));
}

void Publisher::publish(std::int64_t value) {
  const std_msgs__msg__Int64 message{value};
  check(rcl_publish(&entity_, &message, nullptr), "publish");
}

Subscription::Subscription(Node & node, const char * topic, std::size_t depth)
    : Entity(rcl_get_zero_initialized_subscription()), node_(node) {
  rcl_subscription_options_t options = rcl_subscription_get_default_options();
  options.qos = rmw_qos_profile_default;
  options.qos.depth = depth;
  const rcl_ret_t ret =
      rcl_subscription_init(&entity_, node.get(), message_type(), topic, &options);
  ignore(rcl_subscription_options_fini(&options));
  check(ret, "create a subscription");
}

Subscription::~Subscription() {
  ignore(rcl_subscription_fini(&entity_, node_.get()));
}

std::optional<std::int64_t> Subscription::take() {
  std_msgs__msg__Int64 message{};
  rmw_message_info_t info = rmw_get_zero_initialized_message_info();
  if (!check_unless(rcl_take(&entity_, &message, &info, nullptr), RCL_RET_SUBSCRIPTION_TAKE_FAILED,
                    "take a message")) {
    return {};
  }
  return message.data;
}

Service::Service(Node & node, const char * name)
    : Entity(rcl_get_zero_initialized_service()), node_(node) {
  const rcl_service_options_t options = rcl_service_get_default_options();
  check(rcl_service_init(&entity_, node.get(), service_type(), name, &options), "create a service");
}

Service::~Service() {
  ignore(rcl_service_fini(&entity_, node_.get()));
}

bool Service::answer() {
  rmw_request_id_t id{};
  std_srvs__srv__SetBool_Request request{};
  if (!check_unless(rcl_take_request(&entity_, &id, &request), RCL_RET_SERVICE_TAKE_FAILED,
                    "take a request")) {
    return false;
  }
  std_srvs__srv__SetBool_Response response{};
  std_srvs__srv__SetBool_Response__init(&response);
  const rcl_ret_t ret = rcl_send_response(&entity_, &id, &response);
  std_srvs__srv__SetBool_Response__fini(&response);
  check(ret, "send a response");
  return true;
}

Client::Client(Node & node, const char * name)
    : Entity(rcl_get_zero_initialized_client()), node_(node) {
  const rcl_client_options_t options = rcl_client_get_default_options();
  check(rcl_client_init(&entity_, node.get(), service_type(), name, &options), "create a client");
}

Client::~Client() {
  ignore(rcl_client_fini(&entity_, node_.get()));
}

void Client::call() {
  const std_srvs__srv__SetBool_Request request{true};
  std::int64_t sequence_number = 0;
  check(rcl_send_request(&entity_, &request, &sequence_number), "send a request");
}

bool Client::take() {
  rmw_request_id_t id{};
  std_srvs__srv__SetBool_Response response{};
  std_srvs__srv__SetBool_Response__init(&response);
  const rcl_ret_t ret = rcl_take_response(&entity_, &id, &response);
  std_srvs__srv__SetBool_Response__fini(&response);
  return check_unless(ret, RCL_RET_CLIENT_TAKE_FAILED, "take a response");
}

MatchedEvent::MatchedEvent(Subscription & subscription) : Entity(rcl_get_zero_initialized_event()) {
  check(rcl_subscription_event_init(&entity_, subscription.get(), RCL_SUBSCRIPTION_MATCHED),
        "create an event");
}

MatchedEvent::~MatchedEvent() {
  ignore(rcl_event_fini(&entity_));
}

std::optional<std::size_t> MatchedEvent::take() {
  rmw_matched_status_t status{};
  if (!check_unless(rcl_take_event(&entity_, &status), RCL_RET_EVENT_TAKE_FAILED,
                    "take an event")) {
    return {};
  }
  return status.current_count;
}

GuardCondition::GuardCondition(Context & context)
    : Entity(rcl_get_zero_initialized_guard_condition()) {
  check(
      rcl_guard_condition_init(&entity_, context.get(), rcl_guard_condition_get_default_options()),
      "create a guard condition");
}

GuardCondition::~GuardCondition() {
  ignore(rcl_guard_condition_fini(&entity_));
}

void GuardCondition::trigger() {
  check(rcl_trigger_guard_condition(&entity_), "trigger a guard condition");
}

Clock::Clock(rcl_clock_type_t type) : Entity(rcl_clock_t{}) {
  rcl_allocator_t allocator = rcl_get_default_allocator();
  check(rcl_clock_init(type, &entity_, &allocator), "create a clock");
}

Clock::~Clock() {
  ignore(rcl_clock_fini(&entity_));
}

std::int64_t Clock::now() {
  rcl_time_point_value_t now = 0;
  check(rcl_clock_get_now(&entity_, &now), "read a clock");
  return now;
}

void Clock::override_time(std::int64_t now) {
  check(rcl_enable_ros_time_override(&entity_), "enable ROS time");
  check(rcl_set_ros_time_override(&entity_, now), "set ROS time");
}

void Clock::follow_system_time() {
  check(rcl_disable_ros_time_override(&entity_), "disable ROS time");
}

Timer::Timer(Context & context, Clock & clock, std::int64_t period)
    : Entity(rcl_get_zero_initialized_timer()) {
  check(rcl_timer_init2(&entity_, clock.get(), context.get(), period, nullptr,
                        rcl_get_default_allocator(), true),
        "create a timer");
}

Timer::~Timer() {
  ignore(rcl_timer_fini(&entity_));
}

void Timer::call() {
  check(rcl_timer_call(&entity_), "call a timer");
}

void Timer::cancel() {
  check(rcl_timer_cancel(&entity_), "cancel a timer");
}

void Timer::reset() {
  check(rcl_timer_reset(&entity_), "reset a timer");
}

void Timer::change_period(std::int64_t period) {
  std::int64_t before = 0;
  check(rcl_timer_exchange_period(&entity_, period, &before), "change the period of a timer");
}

std::int64_t Timer::next_call_time() {
  std::int64_t next = 0;
  check(rcl_timer_get_next_call_time(&entity_, &next), "look at a timer");
  return next;
}

}  // namespace rcl
