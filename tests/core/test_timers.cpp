// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Timers of real rcl clocks: ready when due, in order, on one fd per clock.

#include <dirent.h>
#include <doctest/doctest.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cstdint>
#include <list>
#include <optional>
#include <vector>

#include "event_loop.hpp"
#include "events/timers.hpp"
#include "rcl_entities.hpp"
#include "watched_timer.hpp"

using aiorcl::Claim;
using aiorcl::Ready;
using aiorcl::ReadyQueue;
using aiorcl::TimerQueue;
using aiorcl::TimerSlot;
using event_loop::Entry;
using event_loop::front;
using event_loop::handle_all;
using event_loop::is_readable;

namespace {

constexpr std::int64_t kNever = TimerQueue::kNever;

/// What a loop does that was told of these fds.
void on_readable(TimerQueue & timers, const std::vector<int> & fds) {
  for (int fd : fds) timers.on_readable(fd);
}

/// Sleeps until a timer is due, as a loop does, and collects; false if that takes too long.
bool wait(TimerQueue & timers) {
  std::vector<pollfd> polled;
  for (int fd : timers.fds()) polled.push_back({fd, POLLIN, 0});
  if (polled.empty()) {
    const std::int64_t left = timers.next_due_in();
    if (left > event_loop::kDeadlineMs * kMillisecond) return false;
    poll(nullptr, 0, static_cast<int>((left + kMillisecond - 1) / kMillisecond));
    timers.collect();
    return true;
  }
  if (poll(polled.data(), polled.size(), event_loop::kDeadlineMs) <= 0) return false;
  for (const pollfd & found : polled) {
    if (found.revents != 0) timers.on_readable(found.fd);
  }
  return true;
}

/// The next entry that becomes ready by its timer.
const Ready * next_ready(TimerFixture & fixture) {
  for (;;) {
    if (Claim claim = fixture.queue.pop()) {
      const Ready * const ready = claim.get();
      handle_all(claim);
      return ready;
    }
    if (!wait(fixture.timers)) return nullptr;
  }
}

std::vector<int> readable_fds(const TimerQueue & timers, int timeout_ms = 0) {
  std::vector<pollfd> polled;
  for (int fd : timers.fds()) polled.push_back({fd, POLLIN, 0});
  poll(polled.data(), polled.size(), timeout_ms);
  std::vector<int> fds;
  for (const pollfd & each : polled) {
    if (each.revents != 0) fds.push_back(each.fd);
  }
  return fds;
}

std::size_t open_fds() {
  std::size_t count = 0;
  DIR * directory = opendir("/proc/self/fd");
  REQUIRE(directory != nullptr);
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

/// Whether the queue puts the next call of the timer where rcl does.
bool agrees_with_rcl(TimerFixture & fixture, WatchedTimer & watched, rcl::Clock & clock) {
  const std::int64_t due = watched.timer.next_call_time();
  const std::int64_t before = clock.now();
  const std::int64_t left = fixture.timers.next_due_in();
  const std::int64_t after = clock.now();
  return std::max<std::int64_t>(due - after, 0) <= left &&
         left <= std::max<std::int64_t>(due - before, 0);
}

}  // namespace

TEST_CASE("a timer is made ready when it is due, and not before") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    TimerFixture fixture(portable);
    for (rcl::Clock * clock : {&fixture.steady, &fixture.system, &fixture.ros}) {
      CAPTURE(static_cast<int>(clock->get()->type));
      WatchedTimer watched(fixture, *clock, 5 * kMillisecond);
      WatchedTimer later(fixture, *clock, kHour);
      for (int n = 0; n < 3; ++n) {
        CHECK(next_ready(fixture) == watched.entry.get());
        CHECK(watched.slot.is_due());
        watched.timer.call();
        watched.slot.schedule();
        CHECK(agrees_with_rcl(fixture, watched, *clock));
      }
      CHECK_FALSE(later.slot.is_due());
    }
  }
}

TEST_CASE("collect() takes nothing before it is due") {
  TimerFixture fixture;
  WatchedTimer watched(fixture, fixture.steady, kHour);
  fixture.timers.collect();
  on_readable(fixture.timers, fixture.timers.fds());
  CHECK_FALSE(fixture.queue.has_ready());
  CHECK(agrees_with_rcl(fixture, watched, fixture.steady));
}

TEST_CASE("timers become ready in the order in which they are due") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    TimerFixture fixture(portable);
    WatchedTimer third(fixture, fixture.steady, 30 * kMillisecond);
    WatchedTimer first(fixture, fixture.steady, 10 * kMillisecond);
    WatchedTimer second(fixture, fixture.steady, 20 * kMillisecond);
    for (WatchedTimer * watched : {&first, &second, &third}) {
      CHECK(next_ready(fixture) == watched->entry.get());
    }
    CHECK(fixture.timers.next_due_in() == kNever);
  }
}

TEST_CASE("timers on two clocks do not wait for each other") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    TimerFixture fixture(portable);
    WatchedTimer late_steady(fixture, fixture.steady, kHour);
    WatchedTimer early_system(fixture, fixture.system, 5 * kMillisecond);
    CHECK(next_ready(fixture) == early_system.entry.get());
    WatchedTimer late_system(fixture, fixture.system, kHour);
    WatchedTimer early_steady(fixture, fixture.steady, 5 * kMillisecond);
    CHECK(next_ready(fixture) == early_steady.entry.get());
  }
}

TEST_CASE("a timer that is late is ready once") {
  TimerFixture fixture;
  WatchedTimer often(fixture, fixture.steady, kMillisecond);
  {
    WatchedTimer late(fixture, fixture.steady, 20 * kMillisecond);
    while (late.entry->pending == 0) REQUIRE(wait(fixture.timers));
    CHECK(often.entry->pending == 1);
    CHECK(late.entry->pending == 1);
    CHECK(next_ready(fixture) == often.entry.get());
    CHECK(next_ready(fixture) == late.entry.get());
  }
  CHECK_FALSE(fixture.queue.has_ready());
}

TEST_CASE("each clock has an fd of its own, for any number of timers") {
  TimerFixture fixture;
  REQUIRE(fixture.timers.fds().size() == 2);
  const std::size_t before = open_fds();
  std::list<WatchedTimer> steady;
  std::list<WatchedTimer> system;
  for (int n = 0; n < 100; ++n) {
    steady.emplace_back(fixture, fixture.steady, kHour);
    system.emplace_back(fixture, fixture.system, kHour);
  }
  CHECK(open_fds() == before);
  CHECK(readable_fds(fixture.timers).empty());
  steady.emplace_back(fixture, fixture.steady, kMillisecond);
  const std::vector<int> steady_fds = readable_fds(fixture.timers, event_loop::kDeadlineMs);
  CHECK(steady_fds.size() == 1);
  on_readable(fixture.timers, steady_fds);
  CHECK(readable_fds(fixture.timers).empty());
  system.emplace_back(fixture, fixture.system, kMillisecond);
  const std::vector<int> system_fds = readable_fds(fixture.timers, event_loop::kDeadlineMs);
  CHECK(system_fds.size() == 1);
  CHECK(system_fds != steady_fds);
  on_readable(fixture.timers, system_fds);
  CHECK(readable_fds(fixture.timers).empty());
  CHECK(handle_all(fixture.queue) == 2);
}

TEST_CASE("timers give their fds back when they are closed, and without timerfd have none") {
  const std::size_t before = open_fds();
  {
    TimerQueue timers;
    CHECK(open_fds() == before + timers.fds().size());
    TimerQueue portable(true);
    CHECK(portable.fds().empty());
    CHECK(open_fds() == before + timers.fds().size());
    timers.close();
    timers.close();
    CHECK(timers.fds().empty());
    CHECK(open_fds() == before);
    TimerQueue at_its_end;
    CHECK(open_fds() > before);
  }
  CHECK(open_fds() == before);
}

TEST_CASE("timers that outlive the fds of their queue touch none") {
  TimerFixture fixture;
  WatchedTimer watched(fixture, fixture.steady, kHour);
  const std::vector<int> fds = fixture.timers.fds();
  fixture.timers.close();
  TimerQueue next;
  watched.slot.schedule();
  on_readable(fixture.timers, fds);
  watched.slot.close();
  CHECK(readable_fds(next).empty());
  CHECK_FALSE(fixture.queue.has_ready());
}

TEST_CASE("an fd that is readable although no timer is left is read") {
  // As when the system clock is set after its last timer is gone.
  TimerFixture fixture;
  {
    WatchedTimer gone(fixture, fixture.system, kHour);
  }
  on_readable(fixture.timers, fixture.timers.fds());
  for (int fd : fixture.timers.fds()) {
    itimerspec at_once{};
    at_once.it_value.tv_nsec = 1;
    REQUIRE(timerfd_settime(fd, 0, &at_once, nullptr) == 0);
    REQUIRE(event_loop::becomes_readable(fd));
    fixture.timers.on_readable(fd);
    CHECK_FALSE(is_readable(fd));
  }
}

TEST_CASE("who handles an fd of timers is not woken by that of the queue, too") {
  for (bool others : {false, true}) {
    CAPTURE(others);
    TimerFixture fixture;
    std::list<WatchedTimer> later;
    if (others) later.emplace_back(fixture, fixture.steady, kHour);
    WatchedTimer due(fixture, fixture.steady, kMillisecond);
    REQUIRE(fixture.queue.sleep());
    const std::vector<int> fds = readable_fds(fixture.timers, event_loop::kDeadlineMs);
    REQUIRE(fds.size() == 1);
    fixture.queue.stay_awake();
    on_readable(fixture.timers, fds);
    // Who has been told by the fd itself needs no word by the one of the queue.
    CHECK_FALSE(is_readable(fixture.queue.wakeup().fd()));
    CHECK(readable_fds(fixture.timers).empty());
    CHECK_FALSE(fixture.queue.sleep());
    CHECK(front(fixture.queue) == due.entry.get());
  }
}

TEST_CASE("a timer that is made later and due sooner is not late") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    TimerFixture fixture(portable);
    WatchedTimer later(fixture, fixture.steady, kHour);
    WatchedTimer sooner(fixture, fixture.steady, kMillisecond);
    CHECK(next_ready(fixture) == sooner.entry.get());
    CHECK(agrees_with_rcl(fixture, later, fixture.steady));
  }
}

TEST_CASE("a reset puts the next call a whole period away") {
  TimerFixture fixture;
  for (rcl::Clock * clock : {&fixture.steady, &fixture.system, &fixture.ros}) {
    CAPTURE(static_cast<int>(clock->get()->type));
    WatchedTimer watched(fixture, *clock, kHour);
    const std::int64_t before = watched.timer.next_call_time();
    watched.timer.reset();
    watched.slot.schedule();
    CHECK(watched.timer.next_call_time() > before);
    CHECK(agrees_with_rcl(fixture, watched, *clock));
  }
}

TEST_CASE("a timer that is cancelled is never ready, until it is reset") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    TimerFixture fixture(portable);
    WatchedTimer watched(fixture, fixture.steady, 5 * kMillisecond);
    watched.timer.cancel();
    watched.slot.schedule();
    CHECK(fixture.timers.next_due_in() == kNever);
    WatchedTimer after(fixture, fixture.steady, 10 * kMillisecond);
    CHECK(next_ready(fixture) == after.entry.get());
    CHECK(watched.entry->pending == 0);
    watched.timer.reset();
    watched.slot.schedule();
    CHECK(next_ready(fixture) == watched.entry.get());
    CHECK(watched.slot.is_due());
  }
}

TEST_CASE("a timer that is cancelled when its slot is made is not scheduled") {
  TimerFixture fixture;
  rcl::Timer timer(fixture.context, fixture.steady, kMillisecond);
  timer.cancel();
  Entry entry(fixture.queue);
  TimerSlot slot(fixture.timers, timer.get(), *entry);
  CHECK(fixture.timers.next_due_in() == kNever);
  CHECK_FALSE(slot.is_due());
}

TEST_CASE("a new period holds after the next call") {
  TimerFixture fixture;
  WatchedTimer watched(fixture, fixture.steady, 5 * kMillisecond);
  const std::int64_t due = watched.timer.next_call_time();
  watched.timer.change_period(kHour);
  watched.slot.schedule();
  CHECK(watched.timer.next_call_time() == due);
  CHECK(next_ready(fixture) == watched.entry.get());
  watched.timer.call();
  watched.slot.schedule();
  CHECK(watched.timer.next_call_time() == due + kHour);
  CHECK(agrees_with_rcl(fixture, watched, fixture.steady));
}

TEST_CASE("a slot that is closed is never ready") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    TimerFixture fixture(portable);
    WatchedTimer closed(fixture, fixture.steady, 5 * kMillisecond);
    WatchedTimer on_ros_time(fixture, fixture.ros, kHour);
    std::optional<WatchedTimer> destroyed;
    destroyed.emplace(fixture, fixture.steady, 5 * kMillisecond);
    for (WatchedTimer * watched : {&closed, &on_ros_time}) {
      watched->slot.close();
      watched->slot.close();
    }
    destroyed.reset();
    CHECK(fixture.timers.next_due_in() == kNever);
    fixture.ros.override_time(kSecond);
    WatchedTimer after(fixture, fixture.steady, 10 * kMillisecond);
    CHECK(next_ready(fixture) == after.entry.get());
    CHECK(closed.entry->pending == 0);
    CHECK(on_ros_time.entry->pending == 0);
  }
}
