// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Jumps of ROS time, in both directions, on and off: each makes its timers ready, nothing more.

#include <doctest/doctest.h>

#include <mutex>
#include <thread>

#include "event_loop.hpp"
#include "events/timers.hpp"
#include "rcl_entities.hpp"
#include "watched_timer.hpp"

using aiorcl::TimerQueue;
using aiorcl::TimerSlot;
using event_loop::becomes_readable;
using event_loop::Entry;
using event_loop::front;
using event_loop::handle_all;

namespace {

/// Handles what made the timer ready, and puts it where it belongs now, as its entity does when it
/// runs; false if nothing made it ready.
bool run(TimerFixture & fixture, WatchedTimer & watched) {
  aiorcl::Claim claim = fixture.queue.pop();
  if (claim.get() != watched.entry.get()) return false;
  handle_all(claim);
  watched.slot.schedule();
  return true;
}

}  // namespace

TEST_CASE_FIXTURE(TimerFixture, "ROS time that follows a topic makes a timer due, and no fd does") {
  ros.override_time(100 * kSecond);
  WatchedTimer watched(*this, ros, 10 * kSecond);
  CHECK(timers.next_due_in() == TimerQueue::kNever);
  CHECK_FALSE(queue.has_ready());
  ros.override_time(105 * kSecond);
  CHECK(run(*this, watched));
  CHECK_FALSE(watched.slot.is_due());
  CHECK_FALSE(queue.has_ready());
  ros.override_time(110 * kSecond);
  CHECK(queue.has_ready());
  CHECK(watched.slot.is_due());
  watched.timer.call();
  CHECK(run(*this, watched));
  CHECK_FALSE(queue.has_ready());
}

TEST_CASE_FIXTURE(TimerFixture, "a timer that is due on ROS time stays ready until it is called") {
  ros.override_time(100 * kSecond);
  WatchedTimer watched(*this, ros, 10 * kSecond);
  ros.override_time(200 * kSecond);
  for (int n = 0; n < 3; ++n) CHECK(run(*this, watched));
  watched.timer.call();
  CHECK(run(*this, watched));
  CHECK_FALSE(queue.has_ready());
}

TEST_CASE_FIXTURE(TimerFixture, "a timer that is due already when its slot is made is ready") {
  ros.override_time(100 * kSecond);
  rcl::Timer timer(context, ros, 10 * kSecond);
  ros.override_time(200 * kSecond);
  Entry entry(queue);
  TimerSlot slot(timers, timer.get(), *entry);
  CHECK(front(queue) == entry.get());
  CHECK(slot.is_due());
  handle_all(queue);
}

TEST_CASE_FIXTURE(TimerFixture,
                  "a jump back makes a timer ready, and its next call is near again") {
  ros.override_time(1000 * kSecond);
  WatchedTimer watched(*this, ros, 10 * kSecond);
  ros.override_time(100 * kSecond);
  CHECK(run(*this, watched));
  CHECK_FALSE(watched.slot.is_due());
  CHECK(watched.timer.next_call_time() <= 110 * kSecond);
  ros.override_time(110 * kSecond);
  CHECK(queue.has_ready());
  CHECK(watched.slot.is_due());
}

TEST_CASE_FIXTURE(TimerFixture, "switching ROS time on and off moves a timer between clocks") {
  WatchedTimer watched(*this, ros, kHour);
  CHECK(timers.next_due_in() <= kHour);
  ros.override_time(100 * kSecond);
  CHECK(run(*this, watched));
  CHECK(timers.next_due_in() == TimerQueue::kNever);
  ros.follow_system_time();
  CHECK(run(*this, watched));
  CHECK(timers.next_due_in() <= kHour);
  CHECK_FALSE(queue.has_ready());
}

TEST_CASE_FIXTURE(TimerFixture, "any number of jumps makes a timer ready once") {
  ros.override_time(1 * kSecond);
  WatchedTimer watched(*this, ros, kHour);
  for (int n = 2; n < 100; ++n) ros.override_time(n * kSecond);
  CHECK(run(*this, watched));
  CHECK_FALSE(queue.has_ready());
}

TEST_CASE_FIXTURE(TimerFixture, "a jump makes all timers of its clock ready, and no others") {
  ros.override_time(1 * kSecond);
  WatchedTimer on_steady(*this, steady, kHour);
  WatchedTimer on_system(*this, system, kHour);
  WatchedTimer first(*this, ros, kHour);
  WatchedTimer second(*this, ros, kHour);
  ros.override_time(2 * kSecond);
  CHECK(run(*this, first));
  CHECK(run(*this, second));
  CHECK_FALSE(queue.has_ready());
}

TEST_CASE_FIXTURE(TimerFixture, "a jump on another thread wakes the loop") {
  ros.override_time(1 * kSecond);
  WatchedTimer watched(*this, ros, kHour);
  REQUIRE(front(queue) == nullptr);
  REQUIRE(queue.sleep());
  std::thread time_source([this] { ros.override_time(2 * kSecond); });
  CHECK(becomes_readable(queue.wakeup().fd()));
  time_source.join();
  CHECK(run(*this, watched));
}

TEST_CASE_FIXTURE(TimerFixture, "slots come and go while another thread sets the time") {
  // rcl's jump callbacks are not thread-safe: in rclpy the GIL is this lock.
  std::mutex of_clock;
  bool stop = false;
  std::thread time_source([&] {
    for (int n = 1;; ++n) {
      std::lock_guard<std::mutex> lock(of_clock);
      if (stop) return;
      ros.override_time(n % 100 * kSecond);
    }
  });
  bool woken = true;
  for (int round = 0; woken && round < 300; ++round) {
    std::unique_lock<std::mutex> lock(of_clock);
    WatchedTimer watched(*this, ros, kSecond);
    lock.unlock();
    woken = event_loop::run_while(queue, [&](aiorcl::Claim & claim) {
      const bool is_watched = claim.get() == watched.entry.get();
      handle_all(claim);
      return !is_watched;
    });
    lock.lock();
    watched.slot.close();
    // Its timer takes its own jump callback off the clock at the end of this block.
  }
  {
    std::lock_guard<std::mutex> lock(of_clock);
    stop = true;
  }
  time_source.join();
  CHECK(woken);
}
