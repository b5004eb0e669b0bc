// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The thread that waits for guard conditions: every trigger reaches its followers, and nothing is
// touched that was removed.

#include <dirent.h>
#include <doctest/doctest.h>
#include <rcl/node.h>

#include <atomic>
#include <cstdint>
#include <fstream>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "event_loop.hpp"
#include "events/guards.hpp"
#include "failing_wait.hpp"
#include "flood.hpp"
#include "guard_follower.hpp"
#include "rcl_entities.hpp"

using aiorcl::Claim;
using aiorcl::GuardThreads;
using aiorcl::ReadyQueue;
using event_loop::Entry;
using event_loop::handle_all;
using event_loop::run_while;
using guard_follower::Follower;

namespace {

Flood triggers_of(rcl::GuardCondition & guard) {
  return Flood([&guard] {
    guard.trigger();
    std::this_thread::yield();
  });
}

std::set<std::string> threads_of_process() {
  std::set<std::string> threads;
  DIR * directory = opendir("/proc/self/task");
  REQUIRE(directory != nullptr);
  while (const dirent * entry = readdir(directory)) threads.insert(entry->d_name);
  closedir(directory);
  return threads;
}

/// How often the thread has gone to sleep.
std::uint64_t sleeps_of(const std::string & thread) {
  std::ifstream status("/proc/self/task/" + thread + "/status");
  const std::string name = "voluntary_ctxt_switches:";
  for (std::string word; status >> word;) {
    std::uint64_t count = 0;
    if (word == name && status >> count) return count;
  }
  FAIL("no ", name, " of thread ", thread);
  return 0;
}

}  // namespace

TEST_CASE("a trigger makes all followers ready, and sets their flags") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  std::list<Follower> followers(3);
  GuardThreads guards(context.get());
  for (Follower & follower : followers) {
    guards.add(guard.get(), *follower.entry, &follower.fired);
  }
  guard.trigger();
  for (Follower & follower : followers) {
    CHECK(follower.wait() == 1);
    CHECK(follower.fired);
    guards.remove(guard.get(), *follower.entry);
  }
}

TEST_CASE(
    "a change of the graph reaches all nodes, also when the node that watched first is gone") {
  rcl::Context context;
  auto first = std::make_unique<rcl::Node>(context);
  rcl::Node second(context);
  const auto guard_of = [](rcl::Node & node) {
    return rcl_node_get_graph_guard_condition(node.get());
  };
  std::list<Follower> followers(2);
  GuardThreads guards(context.get());
  const std::size_t threads = threads_of_process().size();
  guards.add(guard_of(*first), *followers.front().entry);
  guards.add(guard_of(second), *followers.back().entry);
  CHECK(threads_of_process().size() == threads + 1);
  {
    rcl::Node third(context);
    for (Follower & follower : followers) CHECK(follower.wait() >= 1);
  }
  for (Follower & follower : followers) CHECK(follower.wait() >= 1);
  guards.remove(guard_of(*first), *followers.front().entry);
  first.reset();
  CHECK(followers.back().wait() >= 1);
  handle_all(followers.back().queue);
  rcl::Node fourth(context);
  CHECK(followers.back().wait() >= 1);
  guards.remove(guard_of(second), *followers.back().entry);
}

TEST_CASE("a trigger reaches the followers of its guard condition, and no others") {
  rcl::Context context;
  rcl::GuardCondition guard(context), other_guard(context);
  Follower follower, other;
  GuardThreads guards(context.get());
  guards.add(guard.get(), *follower.entry, &follower.fired);
  guards.add(other_guard.get(), *other.entry, &other.fired);
  for (int n = 0; n < 10; ++n) {
    guard.trigger();
    CHECK(follower.wait() == 1);
  }
  guards.remove(guard.get(), *follower.entry);
  CHECK_FALSE(other.fired);
  CHECK_FALSE(other.queue.has_ready());
  other_guard.trigger();
  CHECK(other.wait() == 1);
  guards.remove(other_guard.get(), *other.entry);
}

TEST_CASE("one entry may follow several guard conditions") {
  rcl::Context context;
  rcl::GuardCondition first(context), second(context);
  Follower follower;
  GuardThreads guards(context.get());
  for (rcl::GuardCondition * guard : {&first, &second}) guards.add(guard->get(), *follower.entry);
  for (rcl::GuardCondition * guard : {&first, &second}) {
    guard->trigger();
    CHECK(follower.wait() == 1);
  }
  guards.remove(first.get(), *follower.entry);
  second.trigger();
  CHECK(follower.wait() == 1);
  guards.remove(second.get(), *follower.entry);
}

TEST_CASE("a trigger that came before the follower is not lost") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  GuardThreads guards(context.get());
  guard.trigger();
  Follower follower;
  guards.add(guard.get(), *follower.entry);
  CHECK(follower.wait() == 1);
  guards.remove(guard.get(), *follower.entry);
}

TEST_CASE("a trigger before the first follower is ready when add() returns") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  GuardThreads guards(context.get());
  guard.trigger();
  Follower follower;
  guards.add(guard.get(), *follower.entry);
  CHECK(follower.queue.has_ready());
  CHECK(follower.wait() == 1);
  guards.remove(guard.get(), *follower.entry);
}

TEST_CASE("a trigger that comes while its last follower goes is heard by it or by the next") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  GuardThreads guards(context.get());
  for (int n = 0; n < 200; ++n) {
    Follower follower, next;
    guards.add(guard.get(), *follower.entry);
    guard.trigger();
    if (n % 2 == 0) std::this_thread::yield();
    guards.remove(guard.get(), *follower.entry);
    guards.add(guard.get(), *next.entry);
    CHECK(follower.queue.has_ready() != next.queue.has_ready());
    guards.remove(guard.get(), *next.entry);
  }
}

TEST_CASE("a follower that was removed hears of no trigger") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  Follower follower, other;
  GuardThreads guards(context.get());
  guards.add(guard.get(), *follower.entry, &follower.fired);
  guards.add(guard.get(), *other.entry);
  guards.remove(guard.get(), *follower.entry);
  for (int n = 0; n < 10; ++n) {
    guard.trigger();
    CHECK(other.wait() == 1);
  }
  guards.remove(guard.get(), *other.entry);
  CHECK_FALSE(follower.fired);
  CHECK_FALSE(follower.queue.has_ready());
}

TEST_CASE("followers hear of a trigger in the order in which they came, whoever has gone since") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  GuardThreads guards(context.get());
  ReadyQueue queue;
  std::list<Entry> entries;
  for (int n = 0; n < 100; ++n) {
    entries.emplace_back(queue);
    guards.add(guard.get(), *entries.back());
  }
  guards.add(guard.get(), *entries.back());  // as a waitable that adds it twice
  guards.remove(guard.get(), *entries.back());
  std::vector<const aiorcl::Ready *> expected;
  std::size_t number = 0;
  for (Entry & entry : entries) {
    if (++number % 3 == 0) {
      guards.remove(guard.get(), *entry);
    } else {
      expected.push_back(&*entry);
    }
  }
  std::vector<const aiorcl::Ready *> heard;
  guard.trigger();
  run_while(queue, [&](Claim & claim) {
    heard.push_back(claim.get());
    handle_all(claim);
    return heard.size() < expected.size();
  });
  CHECK(heard == expected);
  for (Entry & entry : entries) guards.remove(guard.get(), *entry);
}

TEST_CASE("who follows nothing can be removed") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  Follower follower;
  GuardThreads guards(context.get());
  guards.remove(guard.get(), *follower.entry);
  guards.add(guard.get(), *follower.entry);
  guards.remove(guard.get(), *follower.entry);
  guards.remove(guard.get(), *follower.entry);
}

TEST_CASE("a guard thread ends with followers left, while triggers come") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  Flood flood = triggers_of(guard);
  for (int round = 0; round < 100; ++round) {
    Follower follower;
    GuardThreads guards(context.get());
    guards.add(guard.get(), *follower.entry, &follower.fired);
    if (round % 2 == 0) CHECK(follower.wait() > 0);
  }
}

TEST_CASE("nothing of a follower is touched once it is removed, while triggers come") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  GuardThreads guards(context.get());
  Flood flood = triggers_of(guard);
  for (int round = 0; round < 500; ++round) {
    // Freed at the end of the round: the sanitizers see whoever touches it later.
    auto follower = std::make_unique<Follower>();
    guards.add(guard.get(), *follower->entry, &follower->fired);
    if (round % 2 == 0) REQUIRE(follower->wait() > 0);
    guards.remove(guard.get(), *follower->entry);
  }
}

TEST_CASE("guard conditions come and go while others are triggered") {
  rcl::Context context;
  rcl::GuardCondition steady_guard(context);
  GuardThreads guards(context.get());
  Flood flood = triggers_of(steady_guard);
  Follower steady_follower;
  guards.add(steady_guard.get(), *steady_follower.entry);
  for (int round = 0; round < 200; ++round) {
    Follower follower;
    rcl::GuardCondition guard(context);
    guards.add(guard.get(), *follower.entry);
    guard.trigger();
    REQUIRE(follower.wait() == 1);
    REQUIRE(steady_follower.wait() > 0);
    guards.remove(guard.get(), *follower.entry);
  }
  guards.remove(steady_guard.get(), *steady_follower.entry);
}

TEST_CASE("several threads add and remove, and no trigger is lost meanwhile") {
  constexpr int kThreads = 3;
  constexpr int kRounds = 150;
  rcl::Context context;
  rcl::GuardCondition flooded(context), counted(context);
  GuardThreads guards(context.get());
  Flood flood = triggers_of(flooded);
  std::atomic<int> heard{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < kThreads; ++n) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        Follower follower;
        guards.add(flooded.get(), *follower.entry, &follower.fired);
        if (follower.wait() > 0 && follower.fired) ++heard;
        guards.remove(flooded.get(), *follower.entry);
      }
    });
  }
  Follower follower;
  guards.add(counted.get(), *follower.entry);
  int counted_triggers = 0;
  for (; counted_triggers < 1000; ++counted_triggers) {
    counted.trigger();
    if (follower.wait() != 1) break;
  }
  guards.remove(counted.get(), *follower.entry);
  for (std::thread & thread : threads) thread.join();
  CHECK(counted_triggers == 1000);
  CHECK(heard == kThreads * kRounds);
}

TEST_CASE("followers hear of triggers after their context was shut down, whoever comes and goes") {
  // A signal shuts the context down and triggers a guard condition, in this order or the other.
  rcl::Context context;
  rcl::GuardCondition guard(context), other_guard(context);
  Follower follower, other;
  GuardThreads guards(context.get());
  guards.add(guard.get(), *follower.entry);
  guard.trigger();
  CHECK(follower.wait() == 1);
  context.shutdown();
  guard.trigger();
  CHECK(follower.wait() == 1);
  guards.add(other_guard.get(), *other.entry);
  guard.trigger();
  CHECK(follower.wait() == 1);
  guards.remove(other_guard.get(), *other.entry);
  guard.trigger();
  CHECK(follower.wait() == 1);
  guards.remove(guard.get(), *follower.entry);
}

TEST_CASE("a guard thread that nobody triggers sleeps") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  Follower follower;
  const std::set<std::string> before = threads_of_process();
  GuardThreads guards(context.get());
  guards.add(guard.get(), *follower.entry);
  guard.trigger();
  CHECK(follower.wait() == 1);
  CHECK(follower.queue.sleep());
  std::string guard_thread;
  for (const std::string & thread : threads_of_process()) {
    if (before.count(thread) == 0) guard_thread = thread;
  }
  REQUIRE_FALSE(guard_thread.empty());
  // In the first of these it may still be on its way back to rcl_wait; who polls never has one.
  bool slept_through = false;
  for (int window = 0; window < 5 && !slept_through; ++window) {
    const std::uint64_t sleeps = sleeps_of(guard_thread);
    CHECK_FALSE(event_loop::is_readable(follower.queue.wakeup().fd(), 400));
    slept_through = sleeps_of(guard_thread) == sleeps;
  }
  CHECK(slept_through);
  guards.remove(guard.get(), *follower.entry);
}

TEST_CASE(
    "a guard thread whose wait failed waits again, and hears of what was triggered meanwhile") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  Follower follower;
  GuardThreads guards(context.get());
  guards.add(guard.get(), *follower.entry);
  guard.trigger();
  CHECK(follower.wait() == 1);
  {
    FailingWait failing;
    guard.trigger();  // the wait that is under way may hear of this one
    failing.wait_for(3);
    guard.trigger();
  }
  CHECK(follower.wait() >= 1);
  guards.remove(guard.get(), *follower.entry);
}

TEST_CASE("a guard thread ends at once, also while it cannot wait") {
  rcl::Context context;
  rcl::GuardCondition guard(context);
  Follower follower;
  GuardThreads guards(context.get());
  FailingWait failing;
  guards.add(guard.get(), *follower.entry);
  failing.wait_for(4);
  guards.remove(guard.get(), *follower.entry);
  CHECK_FALSE(follower.queue.has_ready());
}
