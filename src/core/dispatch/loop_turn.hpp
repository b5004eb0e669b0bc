// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What an event loop of our own and the dispatcher tell each other in one turn of the loop.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <optional>

namespace aiorcl {

/// In C++ because both look at it all the time. The loop's thread only.
struct LoopTurn {
  bool wanted = false;    // something is scheduled
  bool polled = false;    // the dispatcher has looked at the fds of the loop; over with the turn
  bool readable = false;  // one of them is readable; until the loop has looked
  bool stopping = false;  // stop() was called; over with the turn
  double due = 0.0;       // when the loop wants its next turn, by time.monotonic()

  /// Whatever the loop wanted until now it has put into its lists, and `timeout`, in seconds or
  /// None, tells of it.
  void begin(std::optional<double> timeout) noexcept;

  /// After the dispatcher's turn: whether the loop shall look at its fds. While it has something
  /// to do in each turn it does so now and then only.
  bool looks() noexcept;

 private:
  std::int64_t looked_ = 0;
};

/// A method for a class of loops that does as `method`, a function, and sets `wanted` of the
/// loop's `aiorcl_turn` first. Saves a frame of Python each time that something is scheduled.
nanobind::object wanting(nanobind::handle method);

}  // namespace aiorcl
