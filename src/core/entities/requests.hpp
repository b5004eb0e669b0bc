// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Which requests to one service have no response yet, of all clients that an executor serves.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <cstdint>
#include <deque>

namespace aiorcl {

class Client;

/// In the order in which they were sent. One whose future was cancelled is among them, as it may
/// lie in the queue of the service yet. The GIL is held in every method.
class Requests {
 public:
  /// A request of this number has been sent.
  void sent(const Client & client, std::int64_t number);

  /// Its response is here, or was. Calls `on_answer`.
  void answered(const Client & client, std::int64_t number);

  /// The client is about to go.
  void leave(const Client & client) noexcept;

  /// How many there are from the oldest one on that somebody waits for: if a queue that keeps the
  /// last ones holds so many, none of those is pushed out of it. What was sent before that nobody
  /// misses, and some of it is never answered.
  std::size_t under_way();

  /// Called without arguments, or None. The garbage collector does not see what it holds.
  nanobind::object on_answer = nanobind::none();

 private:
  struct Request {
    const Client * client;  // null when it is gone
    std::int64_t number;

    bool is_awaited() const;
  };

  /// False if somebody waits for the request at this place, or it is there no more.
  bool drop_abandoned(std::size_t at);

  std::deque<Request> list_;
  std::size_t sweep_at_ = kFirstSweep;

  static constexpr std::size_t kFirstSweep = 1024;
};

}  // namespace aiorcl
