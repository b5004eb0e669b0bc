// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Whether an object is used in the process that made it.
#pragma once

#include <pthread.h>

#include <atomic>

namespace aiorcl {

/// How often this process is a fork of the one that loaded us. Counted, because getpid() is a
/// system call.
inline std::atomic<unsigned> forks{0};
inline const int counts_forks =
    ::pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });

/// Remembers the process that made it. A forked child has none of the middleware's threads, and
/// locks that they held stay locked there: what belongs to another process is let go without a call
/// to rcl. Nor are its fds read or set, which the two share.
class Process {
 public:
  bool is_this() const noexcept { return forks.load(std::memory_order_relaxed) == forks_; }

 private:
  unsigned forks_ = forks.load(std::memory_order_relaxed);
};

}  // namespace aiorcl
