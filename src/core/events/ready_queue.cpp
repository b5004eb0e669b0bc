// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Who is ready, each at most once.
#include "events/ready_queue.hpp"

#include "events/steady_time.hpp"

namespace aiorcl {

// The order of memory, where the machine keeps none by itself (ARM). An entry is one thread's at a
// time, and two atomics hand it over, each with release by who gives and acquire by who takes:
// `pending`, when it goes to zero (the consumer gives) and leaves it (a producer takes), so that
// `since` and `next` are not written while the consumer still reads them; and `head_`, by which
// what a producer wrote reaches the consumer. All else is either thread's own in between, and
// relaxed. Whether the consumer sleeps is a value of `head_`, too: a single variable, of which all
// threads see one order of changes, so a producer either finds the consumer asleep and wakes it,
// or sleep() finds what it has pushed.

void Ready::add(std::uint64_t events) noexcept {
  if (pending.fetch_add(events, std::memory_order_acq_rel) != 0) return;
  since = steady_now();
  queue.push(*this);
}

bool Claim::settle(std::uint64_t events) noexcept {
  Ready * ready = std::exchange(ready_, nullptr);
  if (ready->owner == nullptr) {
    delete ready;
    return false;
  }
  if (ready->pending.fetch_sub(events, std::memory_order_acq_rel) == events) return false;
  ready->queue.requeue(*ready);
  return true;
}

std::uint64_t Claim::withdraw() noexcept {
  Ready * ready = std::exchange(ready_, nullptr);
  if (ready->owner == nullptr) {
    delete ready;
    return 0;
  }
  return ready->pending.exchange(0, std::memory_order_acq_rel);
}

void Claim::push() noexcept {
  Ready * ready = std::exchange(ready_, nullptr);
  if (ready->owner == nullptr) {
    delete ready;
  } else {
    ready->queue.push(*ready);
  }
}

ReadyQueue::~ReadyQueue() {
  // Entities hold the queue, so whatever is still listed belongs to none: the claims free it.
  while (pop()) continue;
}

void ReadyQueue::push(Ready & ready) noexcept {
  Ready * head = head_.load(std::memory_order_relaxed);
  do {
    ready.next.store(head == awake() ? nullptr : head, std::memory_order_relaxed);
  } while (!head_.compare_exchange_weak(head, &ready, std::memory_order_acq_rel,
                                        std::memory_order_relaxed));
  if (head == nullptr) wakeup_.notify();
}

void ReadyQueue::collect() noexcept {
  Ready * newest = head_.exchange(awake(), std::memory_order_acq_rel);
  if (newest == nullptr || newest == awake()) return;
  Ready * oldest = nullptr;
  Ready * tail = nullptr;
  while (newest != nullptr) {
    Ready * next = newest->next.load(std::memory_order_relaxed);
    if (newest->urgent) {
      put_first(*newest);
    } else {
      newest->next.store(oldest, std::memory_order_relaxed);
      if (tail == nullptr) tail = newest;
      oldest = newest;
    }
    newest = next;
  }
  if (oldest == nullptr) return;
  if (last_ == nullptr) {
    first_ = oldest;
  } else {
    last_->next.store(oldest, std::memory_order_relaxed);
  }
  last_ = tail;
}

Claim ReadyQueue::pop() noexcept {
  // Newcomers line up behind what is there before anyone runs twice: that is the round robin.
  if (head_.load(std::memory_order_acquire) != awake()) collect();
  if (urgent_ != nullptr && (!was_urgent_ || first_ == nullptr)) {
    was_urgent_ = true;
    Ready * ready = urgent_;
    urgent_ = ready->next.exchange(nullptr, std::memory_order_relaxed);
    return Claim(ready);
  }
  was_urgent_ = false;
  Ready * ready = first_;
  if (ready != nullptr) {
    first_ = ready->next.load(std::memory_order_relaxed);
    if (first_ == nullptr) last_ = nullptr;
    ready->next.store(nullptr, std::memory_order_relaxed);
  }
  return Claim(ready);
}

void ReadyQueue::put_first(Ready & ready) noexcept {
  ready.next.store(urgent_, std::memory_order_relaxed);
  urgent_ = &ready;
}

void ReadyQueue::requeue(Ready & ready) noexcept {
  if (ready.urgent) return put_first(ready);
  ready.next.store(nullptr, std::memory_order_relaxed);
  if (last_ == nullptr) {
    first_ = &ready;
  } else {
    last_->next.store(&ready, std::memory_order_relaxed);
  }
  last_ = &ready;
}

bool ReadyQueue::has_ready() const noexcept {
  Ready * head = head_.load(std::memory_order_acquire);
  return first_ != nullptr || urgent_ != nullptr || (head != nullptr && head != awake());
}

bool ReadyQueue::sleep() noexcept {
  if (first_ != nullptr || urgent_ != nullptr) return false;
  wakeup_.clear();
  Ready * expected = awake();
  return head_.compare_exchange_strong(expected, nullptr, std::memory_order_acq_rel) ||
         expected == nullptr;
}

void ReadyQueue::release(Ready * ready) noexcept {
  ready->owner = nullptr;
  if (ready->pending.load(std::memory_order_acquire) == 0) delete ready;
}

}  // namespace aiorcl
