// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The events of an entity that cannot be handled now, and when that is tried again.
#pragma once

#include <cstdint>
#include <list>
#include <optional>

#include "events/timers.hpp"

namespace aiorcl {

/// Keeps events out of the queue, so that the entity's next event queues it as if it were idle, and
/// gives them back then, or after a time: 1 ms at first, twice as long after each time that was
/// over until reset(). Nothing is due while nothing is set aside. GIL held throughout.
class Retry final : public Due {
 public:
  Retry(TimerQueue & queue, Ready & ready) : Due(queue, ready) {}
  ~Retry() { queue_.remove(*this); }

  /// The longest times, in ns: for who may say yes the next time, and for what fails.
  static constexpr std::int64_t kRefused = 100'000'000;
  static constexpr std::int64_t kFailed = 60'000'000'000;

  /// Sets events aside, which are not pending any more; `since` is when they came.
  void set_aside(std::uint64_t events, std::int64_t since, std::int64_t longest);

  /// Events that are set aside.
  std::uint64_t events() const noexcept { return events_ - (is_over() ? 1 : 0); }

  /// When the first of them came.
  std::int64_t since() const noexcept { return since_; }

  /// Makes all that was set aside pending again, now.
  void again() noexcept;

  /// What became of the entry until it was taken out of the queue, which gets back what is still
  /// set aside.
  struct Return {
    bool fresh;          // by an event of its own
    std::int64_t since;  // when the first of its events came; 0 if none was set aside
  };
  Return take_back() noexcept;

  /// The next time is the first one again.
  void reset() noexcept { delay_ = kFirst; }

  /// Where the group has it that it waits for; the group's own.
  std::optional<std::list<Retry *>::iterator> place;

 private:
  /// True once its time is over, until again().
  bool is_over() const noexcept { return events_ > 0 && !waits(); }

  static constexpr std::int64_t kFirst = 1'000'000;

  std::uint64_t events_ = 0;
  std::int64_t since_ = 0;
  std::int64_t delay_ = kFirst;
  std::int64_t longest_ = kRefused;
  bool given_back_ = false;
};

}  // namespace aiorcl
