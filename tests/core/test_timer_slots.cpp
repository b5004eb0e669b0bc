// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Slots of times that somebody waits for: ready when their clock reaches a time, jumps or changes
// its source.

#include <doctest/doctest.h>

#include <cstdint>
#include <thread>
#include <vector>

#include "event_loop.hpp"
#include "events/timers.hpp"
#include "watched_timer.hpp"

using aiorcl::TimerQueue;
using aiorcl::TimerSlot;
using event_loop::becomes_readable;
using event_loop::Entry;
using event_loop::front;
using event_loop::handle_all;

TEST_CASE_FIXTURE(TimerFixture, "a deadline on steady or system time makes its fd readable") {
  for (rcl::Clock * clock : {&steady, &system, &ros}) {
    Entry entry(queue);
    TimerSlot deadline(timers, clock->get(), clock->now() + 2 * kMillisecond, *entry);
    const int fd = timers.fds()[clock == &steady ? 0 : 1];
    CHECK(becomes_readable(fd));
    timers.on_readable(fd);
    CHECK(front(queue) == entry.get());
    CHECK(deadline.is_due());
    CHECK_FALSE(deadline.source_changed());
    handle_all(queue);
  }
}

TEST_CASE_FIXTURE(TimerFixture, "a deadline that is closed is in no queue and on no clock") {
  Entry entry(queue);
  {
    TimerSlot on_steady(timers, steady.get(), steady.now() + kHour, *entry);
    TimerSlot on_ros(timers, ros.get(), ros.now() + kHour, *entry);
    CHECK(timers.next_due_in() <= kHour);
  }
  CHECK(timers.next_due_in() == TimerQueue::kNever);
  ros.override_time(kSecond);
  CHECK_FALSE(queue.has_ready());
}

TEST_CASE_FIXTURE(TimerFixture, "a jump over a deadline reaches it, a smaller one does not") {
  ros.override_time(100 * kSecond);
  Entry entry(queue);
  TimerSlot deadline(timers, ros.get(), 110 * kSecond, *entry);
  CHECK(timers.next_due_in() == TimerQueue::kNever);
  CHECK_FALSE(queue.has_ready());
  for (std::int64_t now : {105, 50}) {
    ros.override_time(now * kSecond);
    if (front(queue) != nullptr) handle_all(queue);
    CHECK_FALSE(deadline.is_due());
    deadline.schedule();
    CHECK_FALSE(queue.has_ready());
  }
  ros.override_time(200 * kSecond);
  CHECK(front(queue) == entry.get());
  CHECK(deadline.is_due());
  CHECK_FALSE(deadline.source_changed());
  handle_all(queue);
}

TEST_CASE_FIXTURE(TimerFixture, "switching ROS time on or off is noticed, and stays noticed") {
  Entry entry(queue);
  TimerSlot deadline(timers, ros.get(), ros.now() + kHour, *entry);
  ros.override_time(kSecond);
  CHECK(queue.has_ready());
  CHECK(deadline.source_changed());
  ros.follow_system_time();
  CHECK(deadline.source_changed());
  CHECK(front(queue) == entry.get());
  handle_all(queue);
}

TEST_CASE_FIXTURE(TimerFixture, "a deadline reached before it was set is ready at once") {
  ros.override_time(100 * kSecond);
  Entry entry(queue);
  TimerSlot deadline(timers, ros.get(), 100 * kSecond, *entry);
  CHECK(front(queue) == entry.get());
  handle_all(queue);
}

TEST_CASE_FIXTURE(TimerFixture, "a jump on another thread wakes the loop for a deadline") {
  ros.override_time(1 * kSecond);
  Entry entry(queue);
  TimerSlot deadline(timers, ros.get(), 2 * kSecond, *entry);
  REQUIRE(front(queue) == nullptr);
  REQUIRE(queue.sleep());
  std::thread time_source([this] { ros.override_time(2 * kSecond); });
  CHECK(becomes_readable(queue.wakeup().fd()));
  time_source.join();
  CHECK(front(queue) == entry.get());
  handle_all(queue);
}
