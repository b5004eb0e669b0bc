// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Looks whether something is there to take, without taking it.
#include "entities/wait_set.hpp"

#include <rcl_action/wait.h>

#include <array>

#include "rcl_error.hpp"

namespace aiorcl {

namespace {

bool succeeds(rcl_ret_t ret) noexcept {
  ignore(ret);
  return ret == RCL_RET_OK;
}

/// What is ready of an action, each at its place in Source.
using Parts = std::array<bool, kSources>;

bool & part(Parts & parts, Source source) noexcept {
  return parts[static_cast<std::size_t>(source)];
}

bool find_parts(const ContextState * context, const rcl_action_client_t * client,
                Parts & parts) noexcept {
  WaitSet::Size size;
  if (!succeeds(rcl_action_client_wait_set_get_num_entities(client, &size.subscriptions,
                                                            &size.guard_conditions, &size.timers,
                                                            &size.clients, &size.services))) {
    return false;
  }
  WaitSet all(context, size);
  return all.is_made() &&
         succeeds(rcl_action_wait_set_add_action_client(&all.set(), client, nullptr, nullptr)) &&
         all.look() &&
         succeeds(rcl_action_client_wait_set_get_entities_ready(
             &all.set(), client, &part(parts, Source::kActionFeedback),
             &part(parts, Source::kActionStatus), &part(parts, Source::kActionGoalResponse),
             &part(parts, Source::kActionCancelResponse),
             &part(parts, Source::kActionResultResponse)));
}

bool find_parts(const ContextState * context, const rcl_action_server_t * server,
                Parts & parts) noexcept {
  WaitSet::Size size;
  if (!succeeds(rcl_action_server_wait_set_get_num_entities(server, &size.subscriptions,
                                                            &size.guard_conditions, &size.timers,
                                                            &size.clients, &size.services))) {
    return false;
  }
  WaitSet all(context, size);
  bool is_goal_expired = false;
  return all.is_made() &&
         succeeds(rcl_action_wait_set_add_action_server(&all.set(), server, nullptr)) &&
         all.look() &&
         succeeds(rcl_action_server_wait_set_get_entities_ready(
             &all.set(), server, &part(parts, Source::kActionGoalRequest),
             &part(parts, Source::kActionCancelRequest), &part(parts, Source::kActionResultRequest),
             &is_goal_expired));
}

}  // namespace

WaitSet::WaitSet(const ContextState * state, const Size & size) noexcept
    : set_(rcl_get_zero_initialized_wait_set()),
      made_(state != nullptr &&
            succeeds(rcl_wait_set_init(&set_, size.subscriptions, size.guard_conditions,
                                       size.timers, size.clients, size.services, size.events,
                                       const_cast<rcl_context_t *>(state->context),
                                       rcl_get_default_allocator()))) {}

WaitSet::~WaitSet() {
  if (made_) ignore(rcl_wait_set_fini(&set_));
}

bool WaitSet::look() noexcept {
  const rcl_ret_t ret = rcl_wait(&set_, 0);
  ignore(ret);
  return ret == RCL_RET_OK || ret == RCL_RET_TIMEOUT;
}

bool has_message(const ContextState * context, const rcl_subscription_t * subscription) noexcept {
  WaitSet::Size size;
  size.subscriptions = 1;
  WaitSet one(context, size);
  return !one.is_made() ||
         !succeeds(rcl_wait_set_add_subscription(&one.set(), subscription, nullptr)) ||
         !one.look() || one.set().subscriptions[0] != nullptr;
}

bool has_request(const ContextState * context, const rcl_service_t * service) noexcept {
  WaitSet::Size size;
  size.services = 1;
  WaitSet one(context, size);
  return !one.is_made() || !succeeds(rcl_wait_set_add_service(&one.set(), service, nullptr)) ||
         !one.look() || one.set().services[0] != nullptr;
}

bool has_action_message(const ContextState * context, Source source, const void * action) noexcept {
  Parts parts{};
  const bool found =
      source >= Source::kActionGoalRequest
          ? find_parts(context, static_cast<const rcl_action_server_t *>(action), parts)
          : find_parts(context, static_cast<const rcl_action_client_t *>(action), parts);
  return !found || part(parts, source);
}

}  // namespace aiorcl
