// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Which thread runs a dispatcher now, and who waits until none does.
#pragma once

#include <nanobind/nanobind.h>

#include <optional>
#include <vector>

namespace aiorcl {

/// The thread that has the run of a dispatcher. GIL held. To Python each method is one step: none
/// calls code of Python, so neither a signal handler nor another thread comes between its lines,
/// and no lock is held that either of them could want.
class Runner {
 public:
  Runner() = default;
  ~Runner() { end(); }
  Runner(const Runner &) = delete;
  Runner & operator=(const Runner &) = delete;

  /// From now on the calling thread has it; false if a thread has it already.
  bool begin();

  /// No thread has it any more; rings.
  void end() noexcept;

  /// By the ident that Python knows.
  std::optional<unsigned long> thread() const noexcept;

  /// The thread that has it, or had it last.
  std::optional<unsigned long> last_thread() const noexcept;

  bool is_here() const noexcept;

  /// True if the calling thread has any.
  static bool any_here() noexcept;

  /// Calls `bell` once, at the next ring().
  void wait(nanobind::object bell) { bells_.push_back(std::move(bell)); }

  /// Lets everybody look again who waits. Their bells must be functions of C, such as the
  /// `release` of a lock.
  void ring() noexcept {
    if (!bells_.empty()) ring_all();
  }

 private:
  void ring_all() noexcept;

  std::optional<unsigned long> thread_;
  bool begun_ = false;
  std::vector<nanobind::object> bells_;
};

}  // namespace aiorcl
