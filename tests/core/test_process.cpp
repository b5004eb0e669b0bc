// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A forked child, where no thread of the middleware lives: it lets go of everything, and never
// waits.

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <thread>

#include "before_write.hpp"
#include "event_loop.hpp"
#include "events/guards.hpp"
#include "events/process.hpp"
#include "events/timers.hpp"
#include "events/wakeup.hpp"
#include "events/watch.hpp"
#include "rcl_entities.hpp"
#include "watched_timer.hpp"

using aiorcl::GuardThreads;
using aiorcl::Process;
using aiorcl::ReadyQueue;
using aiorcl::Source;
using aiorcl::Watch;
using event_loop::Entry;
using event_loop::front;
using event_loop::handle_all;

namespace {

/// Runs `action` in a forked child; whether it came to its end there.
template <typename Action>
bool ends_in_child(Action action) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(event_loop::kDeadlineMs / 1000);
    action();
    _exit(0);
  }
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

TEST_CASE("a process knows itself from its child") {
  const Process process;
  CHECK(process.is_this());
  CHECK(ends_in_child([&process] {
    if (process.is_this()) _exit(1);
  }));
  CHECK(process.is_this());
}

TEST_CASE("a child lets go of a watch, also when its parent held the middleware's locks") {
  rcl::Context context;
  rcl::Node node(context);
  rcl::Publisher publisher(node, "topic");
  rcl::Subscription subscription(node, "topic");
  ReadyQueue queue;
  Entry entry(queue);
  Watch watch(Source::kSubscription, subscription.get(), *entry);
  REQUIRE(front(queue) == nullptr);
  REQUIRE(queue.sleep());
  bool ended = false;
  {
    // The wakeup is written to while the middleware calls the watch.
    BeforeWrite forked([&] { ended = ends_in_child([&watch] { watch.close(); }); });
    publisher.publish(1);
  }
  CHECK(ended);
  publisher.publish(2);
  CHECK(watch.count() == 2);
  handle_all(queue);
}

TEST_CASE("a child lets go of guard conditions, and its parent goes on to hear of them") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  ReadyQueue queue;
  Entry entry(queue);
  std::optional<GuardThreads> guards(context.get());
  guards->add(guard.get(), *entry);
  CHECK(ends_in_child([&] {
    guards->remove(guard.get(), *entry);
    guards.reset();
  }));
  CHECK(ends_in_child([&] { guards.reset(); }));
  guard.trigger();
  CHECK(event_loop::run_while(queue, [](aiorcl::Claim & claim) { return handle_all(claim) == 0; }));
  guards->remove(guard.get(), *entry);
}

TEST_CASE("a child waits for no lock of those who add and remove in its parent") {
  rcl::Context context;
  rcl::GuardCondition guard(context), other_guard(context);
  ReadyQueue queue, other_queue;
  Entry entry(queue), other(other_queue);
  GuardThreads guards(context.get());
  guards.add(guard.get(), *entry);
  std::atomic<bool> stop{false};
  std::thread churn([&] {
    while (!stop) {
      guards.add(other_guard.get(), *other);
      guards.remove(other_guard.get(), *other);
    }
  });
  for (int n = 0; n < 10; ++n) {
    CHECK(ends_in_child([&] { guards.remove(guard.get(), *entry); }));
  }
  stop = true;
  churn.join();
  guards.remove(guard.get(), *entry);
}

TEST_CASE("a child lets go of the slots of timers without a word to their clock") {
  TimerFixture fixture;
  const rcl_clock_t & clock = *fixture.ros.get();
  WatchedTimer watched(fixture, fixture.ros, kHour);
  Entry entry(fixture.queue);
  aiorcl::TimerSlot deadline(fixture.timers, fixture.ros.get(), fixture.ros.now() + kHour, *entry);
  const std::size_t callbacks = clock.num_jump_callbacks;
  CHECK(ends_in_child([&] {
    watched.slot.close();
    deadline.close();
    if (clock.num_jump_callbacks != callbacks) _exit(1);
    if (fixture.timers.next_due_in() != aiorcl::TimerQueue::kNever) _exit(2);
  }));
  watched.slot.close();
  deadline.close();
  CHECK(clock.num_jump_callbacks == callbacks - 2);
}

TEST_CASE("a child takes no wake-up from its parent, and sends it none") {
  aiorcl::Wakeup wakeup;
  const auto is_readable = [&wakeup] {
    pollfd fd{wakeup.fd(), POLLIN, 0};
    return poll(&fd, 1, 0) == 1;
  };
  CHECK(ends_in_child([&] { wakeup.notify(); }));
  CHECK_FALSE(is_readable());
  wakeup.notify();
  CHECK(ends_in_child([&] { wakeup.clear(); }));
  CHECK(is_readable());
}

TEST_CASE("a child does not set the timers of its parent") {
  aiorcl::TimerQueue timers;
  ReadyQueue queue;
  Entry entry(queue), other(queue);
  rcl::Clock steady(RCL_STEADY_TIME);
  aiorcl::TimerSlot slot(timers, steady.get(), steady.now() + kHour, *entry);
  const auto left_ns = [&timers] {
    itimerspec left{};
    timerfd_gettime(timers.fds().front(), &left);
    return left.it_value.tv_sec * 1'000'000'000LL + left.it_value.tv_nsec;
  };
  CHECK(ends_in_child([&] {
    aiorcl::TimerSlot sooner(timers, steady.get(), steady.now() + kHour / 2, *other);
    for (int fd : timers.fds()) timers.on_readable(fd);
  }));
  CHECK(left_ns() > kHour / 2);
}
