// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// An fd that an event loop polls; notify() makes it readable from any thread without the GIL.
#pragma once

#include <atomic>

#include "events/fd.hpp"
#include "events/process.hpp"

namespace aiorcl {

/// Readable from notify() until clear(). An eventfd on Linux, a pipe elsewhere (or if `portable`).
/// In a forked child it is left as it is.
class Wakeup {
 public:
  explicit Wakeup(bool portable = false);  // throws std::system_error
  Wakeup(const Wakeup &) = delete;
  Wakeup & operator=(const Wakeup &) = delete;

  /// -1 once it is closed.
  int fd() const noexcept { return read_.get(); }

  /// Any thread, also under middleware locks: one write, at most once until clear().
  void notify() noexcept;

  /// The loop's thread only.
  void clear() noexcept;

  /// Gives the fds back. When nobody calls notify() any more; idempotent.
  void close() noexcept;

 private:
  const Process process_;
  Fd read_;
  Fd write_;  // none where one fd has both ends
  std::atomic<bool> signalled_{false};
};

}  // namespace aiorcl
