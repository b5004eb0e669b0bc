// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A timer with its place in the queues, and the clocks that it may be on.
#pragma once

#include <cstdint>

#include "event_loop.hpp"
#include "events/timers.hpp"
#include "rcl_entities.hpp"

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;

struct TimerFixture {
  explicit TimerFixture(bool portable = false) : timers(portable) {}
  ~TimerFixture() { event_loop::handle_all(queue); }

  rcl::Context context;
  rcl::Clock steady{RCL_STEADY_TIME};
  rcl::Clock system{RCL_SYSTEM_TIME};
  rcl::Clock ros{RCL_ROS_TIME};
  aiorcl::ReadyQueue queue;
  aiorcl::TimerQueue timers;
};

/// An rcl timer with its place in both queues.
struct WatchedTimer {
  WatchedTimer(TimerFixture & fixture, rcl::Clock & clock, std::int64_t period)
      : timer(fixture.context, clock, period),
        entry(fixture.queue),
        slot(fixture.timers, timer.get(), *entry) {}

  rcl::Timer timer;
  event_loop::Entry entry;
  aiorcl::TimerSlot slot;
};
