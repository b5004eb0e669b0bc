// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Who is ready, each at most once: from middleware threads to the loop's thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "events/wakeup.hpp"

namespace aiorcl {

class ReadyQueue;

/// One entity's place in the queue. It is in a list (or being run) exactly while pending > 0, so
/// the queue never grows beyond the number of entities, however many events come.
///
/// Allocated on the heap and freed by release() or, when it is still in a list, by whoever takes it
/// out: a middleware thread may have put it there a moment before its entity was closed.
struct Ready {
  Ready(ReadyQueue & q, void * o) : queue(q), owner(o) {}

  ReadyQueue & queue;
  std::atomic<Ready *> next{nullptr};
  std::atomic<std::uint64_t> pending{0};
  void * owner;  // consumer's; nullptr once the entity is closed

  /// When it became ready, by steady_now(). Written by whoever counts from zero, before push()
  /// hands it over, and by the consumer while events are pending: never by two threads at a time.
  std::int64_t since = 0;

  /// Any thread, also middleware threads under their locks: counts, enqueues, wakes.
  void add(std::uint64_t events) noexcept;

  /// Consumer: `events` were handled. True if more are pending; then the caller keeps it in a list.
  bool handled(std::uint64_t events) noexcept {
    return pending.fetch_sub(events, std::memory_order_acq_rel) != events;
  }
};

/// A lock-free stack that producers push to and the one consumer takes whole, in order of arrival.
///
/// Producers write to the wakeup fd only when the consumer said that it sleeps, so a burst costs
/// one write, and what the consumer itself causes while it runs costs none.
class ReadyQueue {
 public:
  explicit ReadyQueue(bool portable = false) : wakeup_(portable) {}
  ~ReadyQueue();
  ReadyQueue(const ReadyQueue &) = delete;
  ReadyQueue & operator=(const ReadyQueue &) = delete;

  Wakeup & wakeup() noexcept { return wakeup_; }

  /// Any thread; only for an entry that is in no list.
  void push(Ready & ready) noexcept;

  /// Consumer: the next ready entry, or nullptr. From now on until sleep() the consumer is awake.
  Ready * pop() noexcept;

  /// Consumer: puts back an entry that has more to do, behind all others.
  void requeue(Ready & ready) noexcept;

  /// Consumer: true if something is ready now.
  bool has_ready() const noexcept;

  /// Consumer: from now on the next push() writes to the wakeup fd. False if something is ready.
  bool sleep() noexcept;

  /// Consumer: lets go of an entry whose watch is closed.
  static void release(Ready * ready) noexcept;

 private:
  void collect() noexcept;

  Ready * awake() const noexcept { return reinterpret_cast<Ready *>(const_cast<char *>(&awake_)); }

  char awake_ = 0;                      // its address marks "empty, and the consumer is awake"
  std::atomic<Ready *> head_{nullptr};  // nullptr: empty, and the consumer sleeps
  Ready * first_ = nullptr;             // consumer's own list
  Ready * last_ = nullptr;
  Wakeup wakeup_;
};

}  // namespace aiorcl
