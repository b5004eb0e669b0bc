// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What is recorded of the calls of one entity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "dispatch/histogram.hpp"

namespace aiorcl {

/// Takes memory for the histograms with the first call or step: of most entities, such as the event
/// handlers that each publisher brings along, there is none.
class Calls {
 public:
  /// One call: how long it waited for its turn, and how long it took, in nanoseconds.
  void add(std::int64_t queue_delay, std::int64_t time) {
    if (histograms_ == nullptr) histograms_ = std::make_unique<Histograms>();
    histograms_->queue_delay.add(queue_delay);
    histograms_->time.add(time);
  }

  /// A step of a coroutine that one of the calls returned, in nanoseconds.
  void add_step(std::int64_t time) {
    if (steps_ == nullptr) steps_ = std::make_unique<Histogram>();
    steps_->add(time);
  }

  Histogram queue_delay() const { return histograms_ ? histograms_->queue_delay : Histogram(); }
  Histogram time() const { return histograms_ ? histograms_->time : Histogram(); }

  Histogram step_time() const { return steps_ ? *steps_ : Histogram(); }

  std::size_t running = 0;  // coroutines that have not ended, and the call that is on the stack
  bool held_back = false;   // it has something, and waits for a place in its group

 private:
  struct Histograms {
    Histogram queue_delay;
    Histogram time;
  };

  std::unique_ptr<Histograms> histograms_;
  std::unique_ptr<Histogram> steps_;
};

}  // namespace aiorcl
