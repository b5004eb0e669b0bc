// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What the dispatcher runs: an rclpy entity with what makes it ready, its group and its place in
// the ready queue.
#pragma once

#include <nanobind/nanobind.h>
#include <rcl/types.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "dispatch/callers.hpp"
#include "dispatch/calls.hpp"
#include "dispatch/context_state.hpp"
#include "dispatch/group.hpp"
#include "dispatch/retry.hpp"
#include "dispatch/stand_in.hpp"
#include "events/process.hpp"
#include "events/ready_queue.hpp"
#include "events/timers.hpp"
#include "events/watch.hpp"

namespace aiorcl {

class Dispatcher;

/// Where the dispatcher turns to for what is Python's to do: `aiorcl._loop.hooks.Hooks` says what
/// each method is asked.
using Hooks = nanobind::handle;

/// What came of running an entity.
enum class Outcome : std::uint8_t {
  kNothing,  // nothing was there to take
  kCalled,   // a callback ran to its end
  kStarted,  // a callback returned a coroutine, which goes on as a task
};

/// What came of a take.
enum class Taken : std::uint8_t {
  kNothing,    // nothing was there
  kSomething,  // a message, request or response
  kFailed,     // rcl says why; what is there may be there yet
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

  /// Asks the group for a place. Without one the entry is held back, and false returned; ended()
  /// follows otherwise. A group of the user's own is asked only if there is something to take, and
  /// what it raises is thrown, and a no.
  bool begin(Hooks hooks, Claim & claim) {
    if (closed()) return false;
    if (group_ != nullptr) {
      if (group_->asks()) return begin_if_permitted(hooks, claim);
      if (!group_->begin()) {
        hold_back(claim);
        return false;
      }
      calls_.held_back = false;
    }
    ++calls_.running;
    return true;
  }

  /// Takes one piece of work, settles it in `claim`, and calls it. A coroutine that was started
  /// ends its place in the group later by ended(). Throws nb::python_error or RclError.
  virtual Outcome run(Hooks hooks, Claim & claim) = 0;

  /// From now on no callback of this entity begins, and nothing is sent by it: it was destroyed.
  /// Any thread that holds the GIL; close() follows on the loop's.
  void mute() noexcept { muted_ = true; }

  /// From now on its callbacks begin also when the context is shut down.
  void outlive_context() noexcept { context_.reset(); }

  /// Whether a callback may begin; asked last before each. Takes no lock.
  bool may_call() const noexcept { return !muted_ && (context_ == nullptr || context_->is_up()); }

  /// Whether it sends what it is given; rclpy does, or says why not, from when the entity is
  /// destroyed or closed.
  bool may_send() const noexcept { return !muted_ && !closed(); }

  /// Calls a function if a callback may begin, and else returns `otherwise`. The GIL is not given
  /// away between the question and the first line of the function, where a thread that forbids it
  /// finds this one among the dispatcher's callers. Any thread that holds the GIL. What the
  /// function raises is pending and the result invalid: a coroutine ends by StopIteration, and to
  /// throw that through C++ takes 6 us.
  nanobind::object call_if_may(nanobind::object otherwise, nanobind::handle function,
                               nanobind::handle args);

  /// What run() did has ended, or the coroutine that it started has. Throws what a group of the
  /// user's own raises, when the place was given back.
  void ended();

  /// The entry was taken out of the queue: what had been set aside comes with it.
  void resume(Claim & claim) {
    if (retry_ != nullptr) take_back(claim);
  }

  /// Sets events aside, which have been settled, until the next one comes or some time has passed:
  /// what is asked again in 100 ms at the latest.
  void later(std::uint64_t events, std::int64_t since);

  /// The same, as run() throws before it has taken anything: in a minute at the latest.
  void fails(std::uint64_t events, std::int64_t since);

  /// run() has thrown: whether to tell of it. Not if nothing was taken, and nothing the time before
  /// by an exception of the same class: what is broken is named once.
  bool is_news(const std::exception_ptr & raised);

  /// run() did not throw: what is set aside next is not the same trouble.
  void ran() noexcept {
    if (retry_ == nullptr) return;
    retry_->reset();
    failed_by_.reset();
  }

  /// After this returns nothing runs for this entity any more, and rclpy may destroy it.
  /// Idempotent, and may be called by whatever it calls itself: what makes the entity ready has
  /// ended before any Python code runs. Throws the first of what that raises, when all is done.
  void close();

  /// Events that are not settled yet; none once it is closed.
  std::uint64_t pending() const noexcept;

  /// Those that were left when it was closed; hand them to poke() of who watches the rclpy entity
  /// next.
  std::uint64_t unsettled() const noexcept { return unsettled_; }

  /// Makes it run although no event came; nothing if it is closed.
  void poke(std::uint64_t events = 1) {
    if (ready_ != nullptr && events > 0) ready_->add(events);
  }

  /// Sets its event callbacks anew: the middleware has made again what they were set on. Any thread
  /// that holds the GIL.
  void renew();

  /// The same, if one of them is set on this rcl entity, by its address: others may be set on what
  /// belongs to it.
  void renew_if_on(std::uintptr_t rcl_entity);

  /// Tells the user's on-new-event callback how many events came since it was told last, if any.
  void report();

  bool closed() const noexcept { return ready_ == nullptr; }
  /// The Python object of this entity.
  nanobind::handle self();
  nanobind::handle rclpy_entity() const noexcept { return object_; }
  const std::string & label() const noexcept { return label_; }
  Calls & calls() noexcept { return calls_; }

  /// The callable that gets the number of new events, or None. Set on the loop's thread.
  nanobind::object on_event() const {
    return on_event_.is_valid() ? on_event_ : nanobind::object(nanobind::none());
  }
  void set_on_event(nanobind::object callback);

  /// The same for who watches the rclpy entity next. It is told of `untold` events more than come
  /// here; and `told`, at most, of those that are here already it knows.
  void inherit_on_event(nanobind::object callback, std::uint64_t untold, std::uint64_t told);

  /// Events of which it was not told when this was closed.
  std::uint64_t untold() const noexcept { return untold_; }

  /// For the garbage collector. clear() keeps a pending exception, and lets none out.
  virtual int traverse(visitproc visit, void * arg);
  virtual void clear() noexcept;

 protected:
  /// Makes a source of events: a Watch, TimerSlot, ... of `args` and our Ready. It ends when the
  /// entity is closed; the pointer is valid until then.
  template <typename S, typename... Args>
  S * add_source(Args &&... args) {
    auto source = std::make_shared<S>(std::forward<Args>(args)..., *ready_);
    S * const added = source.get();
    sources_.push_back(std::move(source));
    if constexpr (std::is_same_v<S, Watch>) watches_.push_back(added);
    return added;
  }

  /// From now on, before the first event, it goes before others that are ready.
  void be_urgent() noexcept { ready_->urgent = true; }

  /// From now on until close() `instead` is done for the rclpy entity's `method`, which takes one
  /// argument of the name `parameter`, or none if that is null. On the instance, so that no other
  /// instance and no subclass is touched. Call once, after construction. What somebody else has put
  /// there stays.
  void stand_in_for(PyObject * method, PyObject * parameter, Instead instead);

  /// Once, when the entity is closed, after its sources and before its handle: calls `farewell`.
  void at_close(nanobind::object farewell) { farewell_ = std::move(farewell); }

  /// Whether there is something to take, which stays; what `claim` has is settled if not. Asked
  /// before a group of the user's own is, and not else. Throws as run() does.
  virtual bool has_something(Hooks, Claim &) { return true; }

  /// Events so far, for report(); not asked when closed.
  virtual std::uint64_t events() const noexcept { return 0; }

  /// Calls `callback`, if it may, and judges by what it returns: a coroutine is started, anything
  /// else is ignored.
  Outcome call(Hooks hooks, PyObject * callback, PyObject * const * args, std::size_t nargs,
               PyObject * kwnames = nullptr);

  /// The same of what a callback has returned.
  Outcome start(Hooks hooks, nanobind::handle returned);

  /// The callback itself, or what runs it in a worker thread if the group says so.
  nanobind::object as_group_wants(nanobind::object callback) {
    return group_ == nullptr ? callback : group_->callable(std::move(callback), self());
  }

  /// Settles one take before any Python code runs, and queues the entity again if more may be
  /// there. A take that found nothing settles `unfound` events: as many as are known to have
  /// nothing behind them.
  void settle(Claim & claim, Taken taken, std::uint64_t unfound);

  /// The same by what rcl returned, `nothing` if nothing was there. True if something was; throws
  /// RclError if the take failed.
  bool settle(Claim & claim, rcl_ret_t ret, rcl_ret_t nothing, std::uint64_t unfound,
              const char * action);

  /// Calls `method` of the rclpy entity's class: for who has kept ours since before it was closed.
  /// `argument` may be none at all. Throws rclpy's InvalidHandle if that is not possible any more:
  /// "Cannot `action`: ...".
  nanobind::object by_rclpy(PyObject * method, nanobind::handle argument, const char * action);

  /// The address behind `in_use.pointer`.
  void * pointer() const;

  /// nullptr where the entity is called also when the context is shut down.
  const ContextState * ros_context() const noexcept { return context_.get(); }

  std::shared_ptr<TimerQueue> timers_;

 private:
  const Process process_;
  bool begin_if_permitted(Hooks hooks, Claim & claim);
  void hold_back(Claim & claim);
  void take_back(Claim & claim);
  Retry & retry();
  void stop() noexcept;

  std::shared_ptr<ReadyQueue> queue_;
  Ready * ready_ = nullptr;
  std::vector<std::shared_ptr<void>> sources_;  // each of its own type
  std::vector<Watch *> watches_;                // those of them that rmw calls
  std::unique_ptr<Retry> retry_;                // made when it is needed
  bool fails_ = false;
  nanobind::object failed_by_;  // the class of the exception that was told of, until ran()
  std::shared_ptr<const ContextState> context_;
  std::shared_ptr<Callers> callers_;
  bool muted_ = false;
  nanobind::object object_;
  nanobind::handle self_;
  nanobind::object in_use_;
  nanobind::object group_object_;
  Group * group_ = nullptr;
  std::string label_;
  Calls calls_;
  nanobind::object on_event_;
  nanobind::object farewell_;
  PyObject * stands_in_for_ = nullptr;
  nanobind::object stand_in_;
  std::uint64_t reported_ = 0;
  std::uint64_t untold_ = 0;
  std::uint64_t unsettled_ = 0;
  // Why it was taken out of the queue: an event of its own, or else somebody lets it try again.
  bool fresh_ = true;
  // At first, takes that find something are not counted against events: what came before the watch
  // was set may have been counted for another executor. So it is after a take that failed.
  bool backlog_ = true;
};

/// True for what asyncio can run as a task: a coroutine object, not any other awaitable. Throws
/// what a class says that is asked whether it is one.
bool is_coroutine(PyObject * object);

}  // namespace aiorcl
