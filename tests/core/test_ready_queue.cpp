// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Who is ready: each entity at most once, in order of arrival, and no event is lost.

#include <doctest/doctest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "before_write.hpp"
#include "event_loop.hpp"
#include "events/ready_queue.hpp"

using aiorcl::Claim;
using aiorcl::Ready;
using aiorcl::ReadyQueue;
using event_loop::Entry;
using event_loop::front;
using event_loop::handle_all;
using event_loop::is_readable;
using event_loop::run_while;

namespace {

bool was_woken(ReadyQueue & queue) {
  return is_readable(queue.wakeup().fd());
}

/// Takes the next entry and handles one event of it; it stays ready if it has more.
const Ready * run_one(ReadyQueue & queue) {
  Claim claim = queue.pop();
  const Ready * const ready = claim.get();
  if (claim) claim.settle(1);
  return ready;
}

/// How often the wakeup was written to since it was last read.
std::uint64_t writes(ReadyQueue & queue, bool portable) {
  const int fd = queue.wakeup().fd();
  std::uint64_t count = 0;
  if (portable) {
    int bytes = 0;
    REQUIRE(ioctl(fd, FIONREAD, &bytes) == 0);
    count = static_cast<std::uint64_t>(bytes) / sizeof count;
  } else {
    REQUIRE(read(fd, &count, sizeof count) == sizeof count);  // an eventfd adds up what is written
  }
  return count;
}

}  // namespace

TEST_CASE("entries come out in the order in which they became ready") {
  ReadyQueue queue;
  Entry a(queue), b(queue), c(queue);
  for (Entry * entry : {&c, &a, &b}) (*entry)->add(1);
  for (Entry * entry : {&c, &a, &b}) CHECK(run_one(queue) == entry->get());
  CHECK(front(queue) == nullptr);
}

TEST_CASE("an entry is listed once, however many events it has") {
  ReadyQueue queue;
  Entry entry(queue);
  for (int n = 0; n < 10; ++n) entry->add(2);
  Claim claim = queue.pop();
  CHECK(claim.get() == entry.get());
  CHECK_FALSE(queue.has_ready());
  CHECK(claim.settle(19));
  claim = queue.pop();
  CHECK(claim.pending() == 1);
  CHECK_FALSE(claim.settle(1));
  CHECK_FALSE(queue.has_ready());
}

TEST_CASE("an entry that becomes ready while it runs is not listed twice") {
  ReadyQueue queue;
  Entry entry(queue);
  entry->add(1);
  Claim claim = queue.pop();
  entry->add(1);
  CHECK_FALSE(queue.has_ready());
  CHECK(claim.settle(1));
  CHECK(run_one(queue) == entry.get());
  CHECK(front(queue) == nullptr);
}

TEST_CASE("entries that have more to do take turns") {
  ReadyQueue queue;
  Entry a(queue), b(queue), c(queue);
  for (Entry * entry : {&a, &b, &c}) (*entry)->add(100);
  for (int round = 0; round < 100; ++round) {
    for (Entry * entry : {&a, &b, &c}) REQUIRE(run_one(queue) == entry->get());
  }
  CHECK(front(queue) == nullptr);
}

TEST_CASE("a newcomer has its turn before anyone who has more to do runs twice") {
  ReadyQueue queue;
  Entry a(queue), b(queue), newcomer(queue);
  a->add(3);
  b->add(3);
  CHECK(run_one(queue) == a.get());
  newcomer->add(1);
  CHECK(run_one(queue) == b.get());
  CHECK(run_one(queue) == a.get());
  CHECK(run_one(queue) == newcomer.get());
  for (Entry * entry : {&b, &a, &b}) CHECK(run_one(queue) == entry->get());
  CHECK(front(queue) == nullptr);
}

TEST_CASE("an urgent entry goes before those that are ready already") {
  ReadyQueue queue;
  Entry a(queue), b(queue), urgent(queue);
  urgent->urgent = true;
  for (Entry * entry : {&a, &b, &urgent}) (*entry)->add(2);
  CHECK(run_one(queue) == urgent.get());
  CHECK(run_one(queue) == a.get());  // not twice in a row
  CHECK(run_one(queue) == urgent.get());
  urgent->add(1);
  for (Entry * entry : {&b, &urgent, &a, &b}) CHECK(run_one(queue) == entry->get());
  CHECK(front(queue) == nullptr);
}

TEST_CASE("a queue with nothing but an urgent entry runs it, and does not sleep") {
  ReadyQueue queue;
  Entry urgent(queue);
  urgent->urgent = true;
  urgent->add(3);
  CHECK(run_one(queue) == urgent.get());
  CHECK(queue.has_ready());
  CHECK_FALSE(queue.sleep());
  CHECK(run_one(queue) == urgent.get());
  CHECK(run_one(queue) == urgent.get());
  CHECK_FALSE(queue.has_ready());
  CHECK(queue.sleep());
  urgent->add(1);
  CHECK(was_woken(queue));
  CHECK(run_one(queue) == urgent.get());
}

TEST_CASE("only a queue that sleeps is woken") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    ReadyQueue queue(portable);
    Entry entry(queue), other(queue);
    REQUIRE(front(queue) == nullptr);
    entry->add(1);
    CHECK_FALSE(was_woken(queue));
    CHECK_FALSE(queue.sleep());
    CHECK(run_one(queue) == entry.get());
    CHECK(queue.sleep());
    CHECK_FALSE(was_woken(queue));
    other->add(1);
    CHECK(was_woken(queue));
    CHECK(queue.has_ready());
    CHECK(run_one(queue) == other.get());
    CHECK(queue.sleep());
    CHECK_FALSE(was_woken(queue));
  }
}

TEST_CASE("a queue with an entry that has more to do does not sleep") {
  ReadyQueue queue;
  Entry entry(queue);
  entry->add(2);
  CHECK(run_one(queue) == entry.get());
  CHECK(queue.has_ready());
  CHECK_FALSE(queue.sleep());
  CHECK(run_one(queue) == entry.get());
  CHECK(queue.sleep());
}

TEST_CASE("a burst from several threads costs one write to the fd") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    ReadyQueue queue(portable);
    std::list<Entry> entries;
    for (int n = 0; n < 10; ++n) entries.emplace_back(queue);
    REQUIRE(front(queue) == nullptr);
    REQUIRE(queue.sleep());
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; ++n) {
      threads.emplace_back([&entries] {
        for (int round = 0; round < 1000; ++round) {
          for (Entry & entry : entries) entry->add(1);
        }
      });
    }
    for (std::thread & thread : threads) thread.join();
    CHECK(writes(queue, portable) == 1);
    CHECK(handle_all(queue) == 4 * 1000 * 10);
  }
}

TEST_CASE(
    "an entry whose claim is dropped is ready again, behind all others, with all its events") {
  ReadyQueue queue;
  Entry a(queue), b(queue);
  a->add(2);
  b->add(1);
  const auto interrupted = [&queue] {
    Claim claim = queue.pop();
    throw 1;
  };
  CHECK_THROWS_AS(interrupted(), int);
  CHECK(run_one(queue) == b.get());
  CHECK(handle_all(queue) == 2);
}

TEST_CASE("a claim has one end") {
  ReadyQueue queue;
  Entry entry(queue);
  entry->add(1);
  {
    Claim claim = queue.pop();
    Claim moved = std::move(claim);
    CHECK_FALSE(claim);
    CHECK_FALSE(moved.settle(1));
    CHECK_FALSE(moved);
  }
  CHECK_FALSE(queue.has_ready());
  entry->add(1);
  CHECK(handle_all(queue) == 1);
}

TEST_CASE("a claim that is kept keeps its entry out of the queue until it is pushed") {
  ReadyQueue queue;
  Entry entry(queue);
  entry->add(1);
  std::vector<Claim> parked;
  parked.push_back(queue.pop());
  entry->add(1);
  CHECK_FALSE(queue.has_ready());
  CHECK(queue.sleep());
  parked.front().push();
  CHECK(was_woken(queue));
  CHECK(handle_all(queue) == 2);
}

TEST_CASE("the next event after a withdrawal makes the entry ready again") {
  ReadyQueue queue;
  Entry entry(queue);
  entry->add(3);
  CHECK(queue.pop().withdraw() == 3);
  CHECK_FALSE(queue.has_ready());
  entry->add(1);
  CHECK(handle_all(queue) == 1);
}

TEST_CASE("an entry that is released while listed or claimed is freed by its claim") {
  // The leak checker of the address sanitizer is the judge.
  ReadyQueue queue;
  const auto claim_released = [&queue](bool claimed_before) {
    auto * ready = new Ready(queue, &queue);
    ready->add(1);
    Claim claim;
    if (claimed_before) claim = queue.pop();
    ReadyQueue::release(ready);
    if (!claimed_before) claim = queue.pop();
    CHECK(claim.owner() == nullptr);
    return claim;
  };
  for (bool claimed_before : {false, true}) {
    CAPTURE(claimed_before);
    claim_released(claimed_before);
    CHECK_FALSE(claim_released(claimed_before).settle(1));
    CHECK(claim_released(claimed_before).withdraw() == 0);
    claim_released(claimed_before).push();
    CHECK_FALSE(queue.has_ready());
  }
}

TEST_CASE("a queue frees the entries that nobody takes out") {
  // The leak checker of the address sanitizer is the judge.
  ReadyQueue queue;
  {
    Entry never_ready(queue);
  }
  {
    Entry listed(queue), listed_by_consumer(queue);
    listed_by_consumer->add(2);
    CHECK(run_one(queue) == listed_by_consumer.get());
    listed->add(1);
  }
}

TEST_CASE("no event of several threads is lost, and the consumer sleeps in between") {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEntries = 3;
  constexpr std::uint64_t kRounds = 20'000;
  for (bool portable : {false, true}) {
    for (bool one_by_one : {false, true}) {
      CAPTURE(portable);
      CAPTURE(one_by_one);
      ReadyQueue queue(portable);
      std::list<Entry> entries;
      for (std::size_t n = 0; n < kEntries; ++n) entries.emplace_back(queue);
      std::vector<std::thread> producers;
      for (std::size_t n = 0; n < kThreads; ++n) {
        producers.emplace_back([&entries] {
          for (std::uint64_t round = 0; round < kRounds; ++round) {
            for (Entry & entry : entries) entry->add(1);
          }
        });
      }
      std::map<const Ready *, std::uint64_t> handled;
      std::size_t finished = 0;
      const bool woken = run_while(queue, [&](Claim & claim) {
        std::uint64_t & count = handled[claim.get()];
        if (one_by_one) {
          ++count;
          claim.settle(1);
        } else {
          count += handle_all(claim);
        }
        if (count == kThreads * kRounds) ++finished;
        return finished < kEntries;
      });
      for (std::thread & producer : producers) producer.join();
      CHECK(woken);
      for (Entry & entry : entries) {
        CHECK(handled[entry.get()] == kThreads * kRounds);
        CHECK(entry->pending == 0);
      }
      CHECK_FALSE(queue.has_ready());
    }
  }
}

TEST_CASE("what a thread wrote before add() is there for whoever takes the entry") {
  // The thread sanitizer is the judge.
  constexpr int kRounds = 1000;
  ReadyQueue queue;
  Entry entry(queue);
  int written = 0;
  std::atomic<int> seen{0};
  std::thread producer([&] {
    for (int round = 1; round <= kRounds; ++round) {
      while (seen.load() < round - 1) std::this_thread::yield();
      written = round;
      entry->add(1);
    }
  });
  bool in_order = true;
  const bool woken = run_while(queue, [&](Claim & claim) {
    const int value = written;
    in_order = in_order && value == seen.load() + 1;
    handle_all(claim);
    seen.store(value);
    return value < kRounds;
  });
  seen.store(kRounds);
  producer.join();
  CHECK(woken);
  CHECK(in_order);
}

TEST_CASE("whoever goes to sleep is woken by the next event, round after round") {
  constexpr std::uint64_t kThreads = 3;
  constexpr std::uint64_t kRounds = 3000;
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    ReadyQueue queue(portable);
    std::list<Entry> entries;
    for (std::uint64_t n = 0; n < kThreads; ++n) entries.emplace_back(queue);
    std::atomic<std::uint64_t> round{0};
    std::vector<std::thread> producers;
    for (Entry & entry : entries) {
      producers.emplace_back([&entry, &round] {
        for (std::uint64_t mine = 1; mine <= kRounds; ++mine) {
          // Each comes when it comes: some find the consumer awake, some going to sleep, some
          // asleep.
          while (round.load(std::memory_order_relaxed) < mine) std::this_thread::yield();
          entry->add(1);
        }
      });
    }
    std::uint64_t handled = 0;
    bool woken = true;
    for (std::uint64_t current = 1; woken && current <= kRounds; ++current) {
      round.store(current, std::memory_order_relaxed);
      woken = run_while(queue, [&](Claim & claim) {
        handled += handle_all(claim);
        return handled < current * kThreads;
      });
      if (handled != current * kThreads) break;
    }
    round.store(kRounds, std::memory_order_relaxed);
    for (std::thread & producer : producers) producer.join();
    CHECK(woken);
    CHECK(handled == kRounds * kThreads);
  }
}

TEST_CASE("a consumer that is faster than the write which wakes it is not woken for ever") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    ReadyQueue queue(portable);
    Entry entry(queue);
    REQUIRE(front(queue) == nullptr);
    REQUIRE(queue.sleep());
    {
      // As when a timer woke the consumer meanwhile.
      BeforeWrite handled([&queue] {
        CHECK(handle_all(queue) == 1);
        CHECK(queue.sleep());
      });
      entry->add(1);
    }
    CHECK(handle_all(queue) == 0);
    CHECK(queue.sleep());
    CHECK_FALSE(was_woken(queue));
    entry->add(1);
    CHECK(was_woken(queue));
    CHECK(handle_all(queue) == 1);
  }
}

TEST_CASE("an event that comes while a consumer goes to sleep wakes it") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    ReadyQueue queue(portable);
    Entry entry(queue), other(queue);
    REQUIRE(front(queue) == nullptr);
    REQUIRE(queue.sleep());
    {
      BeforeWrite slept_again([&] {
        CHECK(handle_all(queue) == 1);
        CHECK(queue.sleep());
        other->add(1);  // does not write: that of the entry is on its way
      });
      entry->add(1);
    }
    CHECK(was_woken(queue));
    CHECK(handle_all(queue) == 1);
    CHECK(queue.sleep());
    CHECK_FALSE(was_woken(queue));
  }
}
