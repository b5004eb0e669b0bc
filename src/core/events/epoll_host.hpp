// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The wait of an executor that shares a thread with an event loop: for the fds of both.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "events/fd.hpp"
#include "events/timers.hpp"

#ifdef __linux__
#include <sys/epoll.h>
#endif

namespace aiorcl {

/// Waits until a fd of an executor or of its loop is readable. The loop's thread only; Linux only.
class EpollHost {
 public:
  /// `loop_fd` is readable when any fd of the loop is. `timers` outlive the object. Throws
  /// std::system_error; std::runtime_error where there is no epoll.
  EpollHost(int wakeup_fd, TimerQueue & timers, int loop_fd);

  /// Waits for at most `timeout_ns` (negative: as long as it takes). False if a signal came in
  /// between, which is the caller's to handle. Throws std::system_error.
  bool wait(std::int64_t timeout_ns);

  /// Handles what the last wait() found: collects the timers that are due. True if nothing of the
  /// loop was readable.
  bool only_own();

 private:
  TimerQueue & timers_;
  const int loop_fd_;
  const int wakeup_fd_;
  Fd epoll_;
#ifdef __linux__
  std::array<epoll_event, 8> events_{};
#endif
  std::size_t count_ = 0;  // of events_
};

}  // namespace aiorcl
