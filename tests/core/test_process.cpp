// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A forked child, where no thread of the middleware lives: it lets go of everything, and never
// waits.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <thread>

#include "event_loop.hpp"
#include "events/guards.hpp"
#include "events/process.hpp"
#include "events/watch.hpp"
#include "rcl_entities.hpp"

using aiorcl::GuardThreads;
using aiorcl::Process;
using aiorcl::ReadyQueue;
using aiorcl::Source;
using aiorcl::Watch;
using event_loop::Entry;
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

TEST_CASE("a child lets go of a watch, whatever its parent was doing when it forked") {
  rcl::Context context;
  rcl::Node node(context);
  rcl::Publisher publisher(node, "topic");
  rcl::Subscription subscription(node, "topic", 1);
  ReadyQueue queue;
  Entry entry(queue);
  Watch watch(Source::kSubscription, subscription.get(), *entry);
  std::atomic<bool> stop{false};
  std::thread flood([&] {
    while (!stop) publisher.publish(1);
  });
  for (int n = 0; n < 20; ++n) CHECK(ends_in_child([&watch] { watch.close(); }));
  stop = true;
  flood.join();
  const std::uint64_t before = watch.count();
  publisher.publish(1);
  CHECK(watch.count() == before + 1);
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
  CHECK(event_loop::run_while(queue, [](aiorcl::Ready & ready) { return handle_all(ready) == 0; }));
  guards->remove(guard.get(), *entry);
}
