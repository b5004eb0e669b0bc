// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// RAII over rcl's event callbacks.
//
// What rmw promises about these callbacks:
// - They come on a thread of the middleware that may hold its locks: a callback that waits for the
// GIL,
//   which the loop's thread holds while it waits for those locks, deadlocks.
// - Setting one calls it at once, on the setting thread, for the backlog.
// - The count is of events, not of messages: KEEP_LAST drops messages that were counted, and
//   rmw_cyclonedds may report 0 for one event.
// - Clearing waits for a callback that is running.
#include "events/watch.hpp"

#include <rcl/client.h>
#include <rcl/event.h>
#include <rcl/service.h>
#include <rcl/subscription.h>
#include <rcl/timer.h>
#include <rcl_action/action_client.h>
#include <rcl_action/action_server.h>

#include <algorithm>
#include <iterator>

#include "rcl_error.hpp"

namespace aiorcl {

namespace {

template <typename Entity, rcl_ret_t (*set)(const Entity *, rcl_event_callback_t, const void *)>
rcl_ret_t set_callback(const void * entity, rcl_event_callback_t callback, const void * user_data) {
  return set(static_cast<const Entity *>(entity), callback, user_data);
}

using Setter = rcl_ret_t (*)(const void *, rcl_event_callback_t, const void *);

// In the order of Source.
constexpr Setter kSetters[] = {
    set_callback<rcl_subscription_t, rcl_subscription_set_on_new_message_callback>,
    set_callback<rcl_service_t, rcl_service_set_on_new_request_callback>,
    set_callback<rcl_client_t, rcl_client_set_on_new_response_callback>,
    set_callback<rcl_event_t, rcl_event_set_callback>,
    set_callback<rcl_timer_t, rcl_timer_set_on_reset_callback>,
    set_callback<rcl_action_client_t, rcl_action_client_set_goal_client_callback>,
    set_callback<rcl_action_client_t, rcl_action_client_set_cancel_client_callback>,
    set_callback<rcl_action_client_t, rcl_action_client_set_result_client_callback>,
    set_callback<rcl_action_client_t, rcl_action_client_set_feedback_subscription_callback>,
    set_callback<rcl_action_client_t, rcl_action_client_set_status_subscription_callback>,
    set_callback<rcl_action_server_t, rcl_action_server_set_goal_service_callback>,
    set_callback<rcl_action_server_t, rcl_action_server_set_cancel_service_callback>,
    set_callback<rcl_action_server_t, rcl_action_server_set_result_service_callback>,
};
static_assert(std::size(kSetters) == kSources);

}  // namespace

Watch::Watch(Source source, const void * entity, Ready & ready)
    : source_(source), entity_(entity), ready_(ready) {
  renew();
}

void Watch::renew() {
  if (entity_ == nullptr || !process_.is_this()) return;
  check(kSetters[static_cast<std::size_t>(source_)](entity_, &Watch::on_ready, this),
        "set the event callback");
}

void Watch::close() noexcept {
  if (entity_ == nullptr) return;
  if (process_.is_this())
    ignore(kSetters[static_cast<std::size_t>(source_)](entity_, nullptr, nullptr));
  entity_ = nullptr;
}

/// Called by rmw on its own thread, perhaps while it holds its locks: no GIL, no exceptions, no rcl
/// calls.
void Watch::on_ready(const void * user_data, std::size_t events) noexcept {
  auto & watch = *static_cast<Watch *>(const_cast<void *>(user_data));
  const std::uint64_t count = std::max<std::size_t>(events, 1);
  watch.count_.fetch_add(count, std::memory_order_relaxed);
  watch.ready_.add(count);
}

}  // namespace aiorcl
