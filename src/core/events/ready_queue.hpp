// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Who is ready, each at most once: from middleware threads to the loop's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "events/wakeup.hpp"

namespace aiorcl {

class ReadyQueue;

/// One entity's place in the queue. It is in a list (or claimed) exactly while pending > 0, so the
/// queue never grows beyond the number of entities, however many events come.
///
/// Allocated on the heap and freed by release() or, when it is still in a list or claimed, by its
/// claim: a middleware thread may have put it there a moment before its entity was closed.
struct Ready {
  Ready(ReadyQueue & q, void * o) : queue(q), owner(o) {}

  ReadyQueue & queue;
  std::atomic<Ready *> next{nullptr};
  std::atomic<std::uint64_t> pending{0};
  void * owner;  // consumer's; nullptr once the entity is closed

  /// Goes before others, but not twice in a row while they wait. Set before the first event.
  bool urgent = false;

  /// When it became ready, by steady_now(). Written by whoever counts from zero, before push()
  /// hands it over, and by the consumer while events are pending: never by two threads at a time.
  std::int64_t since = 0;

  /// Any thread, also middleware threads under their locks: counts, enqueues, wakes.
  void add(std::uint64_t events) noexcept;
};

/// An entry that the consumer has taken out of the queue. No entry is lost: a claim has one end
/// (settled, withdrawn, pushed), and what had none when the claim is destroyed, as when an
/// exception passes, is queued again. An entry whose entity was closed meanwhile is freed instead.
///
/// Held as long as its entry waits for something else than an event: that is how it is parked.
class Claim {
 public:
  Claim() noexcept = default;
  Claim(Claim && other) noexcept : ready_(std::exchange(other.ready_, nullptr)) {}
  Claim & operator=(Claim && other) noexcept {
    std::swap(ready_, other.ready_);
    return *this;
  }
  ~Claim() {
    if (ready_ != nullptr) settle(0);
  }

  /// False after its end, and for the claim of an empty queue.
  explicit operator bool() const noexcept { return ready_ != nullptr; }

  const Ready * get() const noexcept { return ready_; }
  /// nullptr if the entity was closed meanwhile.
  void * owner() const noexcept { return ready_->owner; }
  std::uint64_t pending() const noexcept { return ready_->pending.load(std::memory_order_acquire); }
  std::int64_t since() const noexcept { return ready_->since; }
  void since(std::int64_t time) noexcept { ready_->since = time; }

  /// Consumer: `events` of those that are pending were handled. True if more are; then it is in the
  /// queue again, behind all others.
  bool settle(std::uint64_t events) noexcept;

  /// Consumer: all events that are pending were handled, or are kept by the caller; how many.
  std::uint64_t withdraw() noexcept;

  /// Any thread; puts it back into the queue, and wakes the consumer if it sleeps.
  void push() noexcept;

 private:
  friend class ReadyQueue;
  explicit Claim(Ready * ready) noexcept : ready_(ready) {}

  Ready * ready_ = nullptr;
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

  /// Consumer: the next ready entry, if there is one, urgent ones first. From now on until sleep()
  /// the consumer is awake.
  Claim pop() noexcept;

  /// Consumer: is awake from now on until sleep(), so no push() writes to the wakeup fd. Only for
  /// who calls pop() after it, or sleep().
  void stay_awake() noexcept { collect(); }

  /// Consumer: true if something is ready now.
  bool has_ready() const noexcept;

  /// Consumer: from now on the next push() writes to the wakeup fd. False if something is ready.
  bool sleep() noexcept;

  /// Consumer: lets go of an entry whose watch is closed.
  static void release(Ready * ready) noexcept;

 private:
  friend class Claim;
  friend struct Ready;

  /// Any thread; only for an entry that is in no list.
  void push(Ready & ready) noexcept;

  /// Consumer: puts back an entry that has more to do, behind all others.
  void requeue(Ready & ready) noexcept;

  void collect() noexcept;
  void put_first(Ready & ready) noexcept;

  Ready * awake() const noexcept { return reinterpret_cast<Ready *>(const_cast<char *>(&awake_)); }

  char awake_ = 0;                      // its address marks "empty, and the consumer is awake"
  std::atomic<Ready *> head_{nullptr};  // nullptr: empty, and the consumer sleeps
  Ready * first_ = nullptr;             // consumer's own list
  Ready * last_ = nullptr;
  Ready * urgent_ = nullptr;  // those of the consumer's that go first
  bool was_urgent_ = false;
  Wakeup wakeup_;
};

}  // namespace aiorcl
