// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Whoever asks for triggers hears of all that came before, and loses none that comes after.

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <thread>

#include "events/guards.hpp"
#include "failing_wait.hpp"
#include "guard_follower.hpp"
#include "rcl_entities.hpp"

using aiorcl::GuardThreads;
using guard_follower::Follower;

TEST_CASE("a trigger is there for who asks, and wakes nobody else") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  GuardThreads guards(context.get());
  Follower follower, other;
  guards.add(guard.get(), *follower.entry, &follower.fired);
  for (int n = 0; n < 100; ++n) {
    guard.trigger();
    guards.ask(follower.queue);
    REQUIRE(follower.fired);
    CHECK(follower.wait() == 1);
    follower.fired = false;
  }
  CHECK_FALSE(guards.ask(follower.queue));
  CHECK_FALSE(guards.ask(other.queue));
  guards.remove(guard.get(), *follower.entry);
}

TEST_CASE("a trigger that the thread has taken, and not told of, is there for who asks") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  GuardThreads guards(context.get());
  Follower follower;
  guards.add(guard.get(), *follower.entry, &follower.fired);
  HeldWait held;
  guard.trigger();
  held.wait_until_held();
  std::thread asks([&] { CHECK(guards.ask(follower.queue)); });
  held.wait_for_trigger();  // of who asks, and lets nobody tell until it waits
  held.release();
  asks.join();
  CHECK(follower.fired);
  CHECK(follower.wait() == 1);
  guards.remove(guard.get(), *follower.entry);
}

TEST_CASE("who asks waits until the thread has come back, which could lose a trigger till then") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  GuardThreads guards(context.get());
  Follower follower;
  guards.add(guard.get(), *follower.entry, &follower.fired);
  HeldWait held;
  std::future<bool> asked =
      std::async(std::launch::async, [&] { return guards.ask(follower.queue); });
  held.wait_until_held();
  CHECK(asked.wait_for(std::chrono::milliseconds(300)) == std::future_status::timeout);
  held.release();
  CHECK_FALSE(asked.get());
  CHECK_FALSE(follower.fired);
  guard.trigger();
  CHECK(follower.wait() == 1);
  guards.remove(guard.get(), *follower.entry);
}

TEST_CASE("who asks a thread whose wait fails does not wait for it") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  GuardThreads guards(context.get());
  Follower follower;
  guards.add(guard.get(), *follower.entry, &follower.fired);
  {
    FailingWait failing;
    CHECK_FALSE(guards.ask(follower.queue));
    failing.wait_for(3);
    CHECK_FALSE(guards.ask(follower.queue));
  }
  guard.trigger();
  CHECK(follower.wait() == 1);
  guards.remove(guard.get(), *follower.entry);
}
