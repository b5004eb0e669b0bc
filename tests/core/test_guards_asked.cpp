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

namespace {

/// A guard condition that is followed.
struct Scene {
  Scene() { guards.add(guard.get(), *follower.entry, &follower.fired); }
  ~Scene() { guards.remove(guard.get(), *follower.entry); }

  bool ask() { return guards.ask(follower.queue); }

  rcl::Context context;
  rcl::GuardCondition guard{context};
  GuardThreads guards{context.get()};
  Follower follower;
};

}  // namespace

TEST_CASE("a trigger is there for who asks, and wakes nobody else") {
  Scene scene;
  Follower other;
  for (int n = 0; n < 100; ++n) {
    scene.guard.trigger();
    scene.ask();
    REQUIRE(scene.follower.fired);
    CHECK(scene.follower.wait() == 1);
    scene.follower.fired = false;
  }
  CHECK_FALSE(scene.ask());
  CHECK_FALSE(scene.guards.ask(other.queue));
}

TEST_CASE("a trigger that the thread has taken, and not told of, is there for who asks") {
  Scene scene;
  HeldWait held;
  scene.guard.trigger();
  held.wait_until_held();
  std::thread asks([&] { CHECK(scene.ask()); });
  held.wait_for_triggers(1);  // of who asks, and lets nobody tell until it waits
  held.release();
  asks.join();
  CHECK(scene.follower.fired);
  CHECK(scene.follower.wait() == 1);
}

TEST_CASE("who asks waits until the thread has come back, which could lose a trigger till then") {
  Scene scene;
  HeldWait held;
  std::future<bool> asked = std::async(std::launch::async, [&] { return scene.ask(); });
  held.wait_until_held();
  CHECK(asked.wait_for(std::chrono::milliseconds(300)) == std::future_status::timeout);
  held.release();
  CHECK_FALSE(asked.get());
  CHECK_FALSE(scene.follower.fired);
  scene.guard.trigger();
  CHECK(scene.follower.wait() == 1);
}

TEST_CASE("who asks wakes all threads before it waits for one") {
  Scene scene;
  rcl::GuardCondition second(scene.context);
  scene.guards.add(second.get(), *scene.follower.entry, &scene.follower.fired);
  {
    HeldWait held;
    std::future<bool> asked = std::async(std::launch::async, [&] { return scene.ask(); });
    held.wait_until_held();
    held.wait_for_triggers(2);
    held.release();
    CHECK_FALSE(asked.get());
  }
  scene.guards.remove(second.get(), *scene.follower.entry);
}

TEST_CASE("who asks a thread whose wait fails does not wait for it") {
  Scene scene;
  {
    FailingWait failing;
    CHECK_FALSE(scene.ask());
    failing.wait_for(3);
    CHECK_FALSE(scene.ask());
  }
  scene.guard.trigger();
  CHECK(scene.follower.wait() == 1);
}
