// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// RAII over rcl's event callbacks: set on construction, cleared on close.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "events/process.hpp"
#include "events/ready_queue.hpp"

namespace aiorcl {

/// What rcl offers an event callback for.
enum class Source : std::uint8_t {
  kSubscription,
  kService,
  kClient,
  kEvent,
  kTimerReset,
  // Of an rcl_action_client_t:
  kActionGoalResponse,
  kActionCancelResponse,
  kActionResultResponse,
  kActionFeedback,
  kActionStatus,
  // Of an rcl_action_server_t:
  kActionGoalRequest,
  kActionCancelRequest,
  kActionResultRequest,
};
constexpr std::size_t kSources = static_cast<std::size_t>(Source::kActionResultRequest) + 1;

/// Counts the events of one rcl entity and makes its Ready ready.
///
/// Constructing and closing may wait for a middleware lock that a middleware thread holds while it
/// calls us, and never for longer than such a call.
class Watch {
 public:
  /// `entity` is an rcl_subscription_t *, rcl_service_t *, ... as `source` says, and outlives the
  /// watch.
  Watch(Source source, const void * entity, Ready & ready);  // throws RclError
  ~Watch() { close(); }
  Watch(const Watch &) = delete;
  Watch & operator=(const Watch &) = delete;

  /// Sets the event callback anew: the middleware has made again what it was set on. Events that
  /// it has for us count at once.
  void renew();  // throws RclError

  /// After this returns, the middleware calls us no more. Idempotent.
  void close() noexcept;

  /// The one that was given.
  const void * entity() const noexcept { return entity_; }

  /// Events so far.
  std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  static void on_ready(const void * user_data, std::size_t events) noexcept;

  const Process process_;
  const Source source_;
  const void * entity_;
  Ready & ready_;
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace aiorcl
