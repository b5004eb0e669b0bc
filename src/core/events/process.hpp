// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Whether an object is used in the process that made it.
#pragma once

#include <unistd.h>

namespace aiorcl {

/// Remembers the process that made it. A forked child has none of the middleware's threads, and
/// locks that they held stay locked there: what belongs to another process is let go without a call
/// to rcl.
class Process {
 public:
  bool is_this() const noexcept { return ::getpid() == pid_; }

 private:
  pid_t pid_ = ::getpid();
};

}  // namespace aiorcl
