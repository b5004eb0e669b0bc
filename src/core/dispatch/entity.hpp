// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What the dispatcher runs: an rclpy entity with its watch, its group and its place in the ready
// queue.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "dispatch/calls.hpp"
#include "dispatch/group.hpp"
#include "events/ready_queue.hpp"
#include "events/timers.hpp"
#include "events/watch.hpp"

namespace aiorcl {

class Dispatcher;

/// Where the dispatcher turns to for what is Python's to do: the executor. See _core.pyi for the
/// methods.
using Hooks = nanobind::handle;

/// What came of running an entity.
enum class Outcome : std::uint8_t {
  kNothing,  // nothing was there to take
  kCalled,   // a callback ran to its end
  kStarted,  // a callback returned a coroutine, which goes on as a task
};

/// Base of all entities. The GIL is held in every method, also while a watch is set or cleared:
/// that may wait for a middleware lock, but no thread that holds one ever wants the GIL; and an
/// entity whose events come already must not be run by another thread before it is whole.
///
/// Holds the rclpy entity, and its handle in use (as `with entity.handle` does), until close().
class Entity {
 public:
  /// `object` is the rclpy entity; `in_use` is what is entered now and left on close (its handle,
  /// the waitable itself, or None); `group` may be None; `label` names it in messages:
  /// "subscription '/chatter'".
  Entity(Dispatcher & dispatcher, nanobind::object object, nanobind::object in_use,
         nanobind::object group, std::string label);
  virtual ~Entity();
  Entity(const Entity &) = delete;
  Entity & operator=(const Entity &) = delete;

  /// Takes one piece of work and calls it. A coroutine that was started ends its place in the group
  /// later by ended(). Throws nb::python_error or RclError, after the work was counted as handled.
  virtual Outcome run(Hooks hooks) = 0;

  /// After this returns nothing runs for this entity any more, and rclpy may destroy it.
  /// Idempotent.
  void close();

  /// A coroutine that run() started has ended.
  void ended();

  /// Events that are not settled yet; hand them to poke() of who watches the rclpy entity next.
  std::uint64_t pending() const noexcept { return closed() ? 0 : ready_->pending.load(); }

  /// Makes it run although no event came; nothing if it is closed.
  void poke(std::uint64_t events = 1) {
    if (ready_ != nullptr && events > 0) ready_->add(events);
  }

  /// Tells the user's on-new-event callback how many events came since it was told last, if any.
  void report();

  bool closed() const noexcept { return ready_ == nullptr; }
  Ready & ready() noexcept { return *ready_; }
  Group * group() noexcept { return group_; }
  /// The Python object of this entity.
  nanobind::handle self();
  nanobind::handle rclpy_entity() const noexcept { return object_; }
  const std::string & label() const noexcept { return label_; }
  Calls & calls() noexcept { return calls_; }

  /// The callable that gets the number of new events, or None. Set on the loop's thread.
  nanobind::object on_event() const { return on_event_; }
  void set_on_event(nanobind::object callback);

  /// From now on until close() the rclpy entity's `method` is that of this object, on the instance,
  /// so that no other instance and no subclass is touched. Call once, after construction.
  void stand_in_for(const char * method);

  virtual int traverse(visitproc visit, void * arg);
  virtual void clear();

 protected:
  /// Stops all watches.
  virtual void unwatch() = 0;

  /// Events so far, for report().
  virtual std::uint64_t events() const noexcept { return 0; }

  /// Calls `callback` and judges by what it returns: a coroutine is started, anything else is
  /// ignored.
  Outcome call(Hooks hooks, PyObject * callback, PyObject * const * args, std::size_t nargs,
               PyObject * kwnames = nullptr);

  /// The callback itself, or what runs it in a worker thread if the group says so.
  nanobind::object as_group_wants(nanobind::object callback) const {
    return group_ == nullptr ? callback : group_->callable(std::move(callback));
  }

  /// Settles one take before any Python code runs, and queues the entity again if more may be
  /// there. A take that found nothing settles `unfound` events: as many as are known to have
  /// nothing behind them.
  void settle(bool took, std::uint64_t unfound);

  /// Throws rclpy's InvalidHandle: "Cannot `action`: LABEL is destroyed or on no executor".
  [[noreturn]] void raise_invalid_handle(const char * action) const;

  /// The address behind `in_use.pointer`.
  void * pointer() const;

  std::shared_ptr<ReadyQueue> queue_;
  std::shared_ptr<TimerQueue> timers_;
  Ready * ready_;

 private:
  void release();

  nanobind::object object_;
  nanobind::handle self_;
  nanobind::object in_use_;
  nanobind::object group_object_;
  Group * group_ = nullptr;
  std::string label_;
  Calls calls_;
  nanobind::object on_event_;
  const char * stands_in_for_ = nullptr;
  std::uint64_t reported_ = 0;
  // At first, takes that find something are not counted against events: what came before the watch
  // was set may have been counted for another executor.
  bool backlog_ = true;
};

/// True for what asyncio can run as a task: a coroutine object, not any other awaitable.
bool is_coroutine(PyObject * object);

}  // namespace aiorcl
