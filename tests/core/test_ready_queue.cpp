// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Who is ready: each entity at most once, in order of arrival, and no event is lost.

#include <doctest/doctest.h>
#include <poll.h>

#include <array>
#include <cstdint>
#include <thread>
#include <vector>

#include "events/ready_queue.hpp"

using aiorcl::Ready;
using aiorcl::ReadyQueue;

namespace {

bool is_readable(ReadyQueue & queue, int timeout_ms = 0) {
  pollfd polled{queue.wakeup().fd(), POLLIN, 0};
  return poll(&polled, 1, timeout_ms) == 1;
}

/// Entries of a queue, released with the test.
template <std::size_t count>
struct Entries {
  explicit Entries(ReadyQueue & queue) {
    for (Ready *& entry : all) entry = new Ready(queue, this);
  }
  ~Entries() {
    for (Ready * entry : all) ReadyQueue::release(entry);
  }
  Entries(const Entries &) = delete;
  Entries & operator=(const Entries &) = delete;

  Ready & operator[](std::size_t index) { return *all[index]; }

  std::array<Ready *, count> all;
};

}  // namespace

TEST_CASE("entries come out in the order in which they became ready") {
  ReadyQueue queue;
  Entries<3> entries(queue);
  for (std::size_t index : {2, 0, 1}) entries[index].add(1);
  for (std::size_t index : {2, 0, 1}) {
    Ready * ready = queue.pop();
    REQUIRE(ready == entries.all[index]);
    CHECK_FALSE(ready->handled(1));
  }
  CHECK(queue.pop() == nullptr);
}

TEST_CASE("an entry is listed once, however many events it has") {
  ReadyQueue queue;
  Entries<1> entries(queue);
  for (int n = 0; n < 10; ++n) entries[0].add(2);
  CHECK(queue.pop() == entries.all[0]);
  CHECK(queue.pop() == nullptr);
  CHECK(entries[0].handled(19));
  CHECK_FALSE(entries[0].handled(1));
}

TEST_CASE("a newcomer has its turn before anyone who has more to do runs twice") {
  ReadyQueue queue;
  Entries<3> entries(queue);
  for (std::size_t index : {0, 1}) entries[index].add(10);
  for (std::size_t index : {0, 1}) {
    Ready * ready = queue.pop();
    REQUIRE(ready == entries.all[index]);
    REQUIRE(ready->handled(1));
    queue.requeue(*ready);
  }
  entries[2].add(1);
  for (std::size_t index : {0, 1}) {
    Ready * ready = queue.pop();
    REQUIRE(ready == entries.all[index]);
    REQUIRE(ready->handled(1));
    queue.requeue(*ready);
  }
  CHECK(queue.pop() == entries.all[2]);
  CHECK_FALSE(entries[2].handled(1));
  for (std::size_t index : {0, 1}) {
    CHECK(queue.pop() == entries.all[index]);
    CHECK_FALSE(entries[index].handled(8));
  }
}

TEST_CASE("only a queue that sleeps is woken") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    ReadyQueue queue(portable);
    Entries<2> entries(queue);
    REQUIRE(queue.pop() == nullptr);
    entries[0].add(1);
    CHECK_FALSE(is_readable(queue));
    CHECK_FALSE(queue.sleep());
    CHECK(queue.pop() == entries.all[0]);
    CHECK(queue.sleep());
    CHECK_FALSE(is_readable(queue));
    entries[1].add(1);
    CHECK(is_readable(queue));
    CHECK(queue.has_ready());
    CHECK(queue.pop() == entries.all[1]);
    CHECK(queue.sleep());
    CHECK_FALSE(is_readable(queue));
    for (std::size_t index : {0, 1}) CHECK_FALSE(entries[index].handled(1));
  }
}

TEST_CASE("an entry that is released while listed is freed by whoever takes it out") {
  ReadyQueue queue;
  auto * ready = new Ready(queue, &queue);
  ready->add(1);
  ReadyQueue::release(ready);
  REQUIRE(queue.pop() == ready);
  CHECK(ready->owner == nullptr);
  delete ready;
}

TEST_CASE("a queue frees the entries that nobody takes out") {
  ReadyQueue queue;
  auto * ready = new Ready(queue, &queue);
  ready->add(1);
  ReadyQueue::release(ready);
}

TEST_CASE("no event of several threads is lost, and the consumer sleeps in between") {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEntries = 3;
  constexpr std::uint64_t kRounds = 20'000;
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    ReadyQueue queue(portable);
    Entries<kEntries> entries(queue);
    std::vector<std::thread> producers;
    for (std::size_t n = 0; n < kThreads; ++n) {
      producers.emplace_back([&entries] {
        for (std::uint64_t round = 0; round < kRounds; ++round) {
          for (Ready * entry : entries.all) entry->add(1);
        }
      });
    }
    std::uint64_t handled = 0;
    while (handled < kThreads * kEntries * kRounds) {
      if (Ready * ready = queue.pop()) {
        ++handled;
        if (ready->handled(1)) queue.requeue(*ready);
      } else if (queue.sleep() && !is_readable(queue, 10'000)) {
        break;  // a wakeup was lost
      }
    }
    for (std::thread & producer : producers) producer.join();
    CHECK(handled == kThreads * kEntries * kRounds);
    CHECK_FALSE(queue.has_ready());
  }
}
