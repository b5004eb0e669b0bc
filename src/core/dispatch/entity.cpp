// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What the dispatcher runs.
#include "dispatch/entity.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "dispatch/dispatcher.hpp"
#include "dispatch/names.hpp"
#include "dispatch/stand_in.hpp"
#include "python/finalizing.hpp"
#include "python/once.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

/// Close an entity where nobody can be told of what that raises.
void close_quietly(Entity & entity) noexcept {
  const nb::error_scope pending;
  try {
    entity.close();
  } catch (nb::python_error & error) {
    error.discard_as_unraisable("closing an entity");
  } catch (const std::exception &) {
  }
}

}  // namespace

Entity::Entity(Dispatcher & dispatcher, nb::object object, nb::object in_use, nb::object group,
               std::string label)
    : timers_(dispatcher.timers()),
      queue_(dispatcher.queue()),
      context_(dispatcher.ros_context()),
      callers_(dispatcher.callers()),
      object_(std::move(object)),
      in_use_(std::move(in_use)),
      group_object_(std::move(group)),
      label_(std::move(label)) {
  if (!group_object_.is_none()) group_ = nb::cast<Group *>(group_object_);
  // Raises InvalidHandle if it is destroyed.
  if (!in_use_.is_none()) call_method(in_use_, names().enter);
  ready_ = new Ready(*queue_, this);
}

Entity::~Entity() {
  if (closed()) return;
  close_quietly(*this);
}

void Entity::stop() noexcept {
  // Before the sources: one that gives back what is pending does not know of what was set aside.
  if (retry_ != nullptr && process_.is_this()) retry_->again();
  watches_.clear();
  sources_.clear();
  unsettled_ = pending();  // with what has come up to now, while sources were ending
  if (retry_ != nullptr) {
    if (group_ != nullptr) group_->forget(*retry_);
    retry_.reset();
  }
  ReadyQueue::release(std::exchange(ready_, nullptr));
}

void Entity::renew() {
  for (Watch * watch : watches_) watch->renew();
}

void Entity::renew_if_on(std::uintptr_t rcl_entity) {
  const bool is_on = std::any_of(watches_.begin(), watches_.end(), [rcl_entity](Watch * watch) {
    return reinterpret_cast<std::uintptr_t>(watch->entity()) == rcl_entity;
  });
  if (is_on) renew();
}

void Entity::close() {
  if (closed()) return;
  if (on_event_.is_valid()) untold_ = events() - reported_;
  stop();
  nb::object farewell = std::move(farewell_);
  const nb::object stand_in = std::move(stand_in_);
  nb::object in_use = std::exchange(in_use_, nb::none());
  if (!process_.is_this()) {
    // In use for ever: with the last reference rclpy would destroy what is the parent's.
    in_use.release();
    farewell.reset();
    in_use = nb::none();
  }
  std::exception_ptr first;
  const auto attempt = [&first, this](auto step) {
    try {
      step();
    } catch (nb::python_error & error) {
      if (first == nullptr) {
        first = std::current_exception();
      } else {
        error.discard_as_unraisable(label_.c_str());
      }
    } catch (...) {
      if (first == nullptr) first = std::current_exception();
    }
  };
  if (stand_in.is_valid()) {
    attempt([&] {
      nb::object methods = object_.attr("__dict__");
      nb::object there = methods.attr("get")(nb::handle(stands_in_for_));
      if (there.is(stand_in)) methods.attr("pop")(nb::handle(stands_in_for_));
    });
  }
  if (farewell.is_valid()) attempt([&] { call_object(farewell); });
  if (!in_use.is_none()) {
    attempt([&] { call_method(in_use, names().exit, nb::none(), nb::none(), nb::none()); });
  }
  if (first != nullptr) std::rethrow_exception(first);
}

std::uint64_t Entity::pending() const noexcept {
  if (closed()) return 0;
  return ready_->pending.load() + (retry_ == nullptr ? 0 : retry_->events());
}

bool Entity::begin_if_permitted(Hooks hooks, Claim & claim) {
  if (!has_something(hooks, claim)) {
    calls_.held_back = false;
    ran();
    return false;
  }
  if (closed()) return false;  // by the waitable's code
  bool began = false;
  try {
    began = group_->begin_if_permitted(object_);
  } catch (...) {
    if (!closed()) hold_back(claim);
    throw;
  }
  if (closed()) {  // by the user's code in the group
    if (began) group_->end(object_);
    return false;
  }
  if (!began) {
    hold_back(claim);
    return false;
  }
  calls_.held_back = false;
  ++calls_.running;
  return true;
}

void Entity::hold_back(Claim & claim) {
  calls_.held_back = true;
  if (!group_->asks()) {
    group_->park(std::move(claim));
    return;
  }
  if (fresh_) group_->again();  // the others; this one is not among them
  const std::int64_t since = claim.since();
  later(claim.withdraw(), since);
  group_->park(*retry_);
}

Retry & Entity::retry() {
  if (retry_ == nullptr) retry_ = std::make_unique<Retry>(*timers_, *ready_);
  return *retry_;
}

void Entity::later(std::uint64_t events, std::int64_t since) {
  if (!closed()) retry().set_aside(events, since, Retry::kRefused);
}

void Entity::fails(std::uint64_t events, std::int64_t since) {
  if (closed()) return;
  retry().set_aside(events, since, Retry::kFailed);
  fails_ = true;
}

bool Entity::is_news(const std::exception_ptr & raised) {
  if (!std::exchange(fails_, false)) return true;
  nb::object by = nb::none();  // rcl
  try {
    std::rethrow_exception(raised);
  } catch (const nb::python_error & error) {
    by = nb::borrow(error.type());
  } catch (...) {
  }
  if (by.is(failed_by_)) return false;
  failed_by_ = std::move(by);
  return true;
}

void Entity::take_back(Claim & claim) {
  if (group_ != nullptr) group_->forget(*retry_);
  const Retry::Return back = retry_->take_back();
  fresh_ = back.fresh;
  if (back.since != 0) claim.since(back.since);
}

nb::object Entity::call_if_may(nb::object otherwise, nb::handle function, nb::handle args) {
  if (!may_call()) return otherwise;
  const std::shared_ptr<Callers> callers = callers_;
  const Callers::Call noted(*callers, *this);
  return nb::steal(or_hang([&] { return PyObject_CallObject(function.ptr(), args.ptr()); }));
}

void Entity::ended() {
  if (calls_.running == 0) return;  // told twice
  --calls_.running;
  if (group_ != nullptr) group_->end(object_);
}

void Entity::set_on_event(nb::object callback) {
  reported_ = closed() ? 0 : events();
  on_event_ = callback.is_none() ? nb::object() : std::move(callback);
}

void Entity::inherit_on_event(nb::object callback, std::uint64_t untold, std::uint64_t told) {
  if (closed()) return;
  on_event_ = std::move(callback);
  reported_ = std::min(events(), told) - untold;  // below 0 too: the difference counts
}

void Entity::report() {
  if (!on_event_.is_valid() || closed()) return;
  const std::uint64_t count = events();
  if (count == reported_) return;
  const std::uint64_t fresh = count - std::exchange(reported_, count);
  nb::object callback = on_event_;  // it may replace itself
  call_object(callback, nb::int_(fresh));
}

void Entity::stand_in_for(PyObject * method, PyObject * parameter, Instead instead) {
  if (closed()) return;
  nb::object ours = stand_in_method(*this, method, parameter, instead);
  nb::object methods = object_.attr("__dict__");
  if (!nb::object(methods.attr("setdefault")(nb::handle(method), ours)).is(ours)) return;
  stands_in_for_ = method;
  stand_in_ = std::move(ours);
}

Outcome Entity::call(Hooks hooks, PyObject * callback, PyObject * const * args, std::size_t nargs,
                     PyObject * kwnames) {
  const nb::object callable = as_group_wants(nb::borrow(callback));
  // Here, because other threads may have run since the take: conversions run code of Python.
  if (!may_call()) return Outcome::kNothing;
  nb::object result =
      nb::steal(or_hang([&] { return PyObject_Vectorcall(callable.ptr(), args, nargs, kwnames); }));
  if (!result.is_valid()) nb::raise_python_error();
  return start(hooks, result);
}

Outcome Entity::start(Hooks hooks, nb::handle returned) {
  if (returned.is_none() || !is_coroutine(returned.ptr())) return Outcome::kCalled;
  call_method(hooks, names().start_callback, self(), returned);
  return Outcome::kStarted;
}

void Entity::settle(Claim & claim, Taken taken, std::uint64_t unfound) {
  std::uint64_t settled = unfound;
  if (taken == Taken::kSomething) settled = backlog_ ? 0 : 1;
  if (taken == Taken::kFailed) {
    settled = 1;
    backlog_ = true;  // so that the next take that works goes on until nothing is there
  }
  if (!claim.settle(settled) && taken != Taken::kFailed) backlog_ = false;
}

bool Entity::settle(Claim & claim, rcl_ret_t ret, rcl_ret_t nothing, std::uint64_t unfound,
                    const char * action) {
  const bool none = ret == nothing;
  settle(claim,
         ret == RCL_RET_OK ? Taken::kSomething
         : none            ? Taken::kNothing
                           : Taken::kFailed,
         unfound);
  return check_unless(ret, nothing, action);
}

nb::object Entity::by_rclpy(PyObject * method, nb::handle argument, const char * action) {
  const nb::object entity = object_;
  if (!entity.is_none()) {
    return argument.is_valid() ? call_method(entity.type(), method, entity, argument)
                               : call_method(entity.type(), method, entity);
  }
  PyErr_Format(nb::module_::import_("rclpy.exceptions").attr("InvalidHandle").ptr(),
               "Cannot %s: %s is destroyed", action, label_.c_str());
  nb::raise_python_error();
}

void * Entity::pointer() const {
  return reinterpret_cast<void *>(nb::cast<std::uintptr_t>(attribute(in_use_, names().pointer)));
}

int Entity::traverse(visitproc visit, void * arg) {
  Py_VISIT(object_.ptr());
  Py_VISIT(in_use_.ptr());
  Py_VISIT(group_object_.ptr());
  Py_VISIT(on_event_.ptr());
  Py_VISIT(failed_by_.ptr());
  Py_VISIT(farewell_.ptr());
  Py_VISIT(stand_in_.ptr());
  return 0;
}

void Entity::clear() noexcept {
  close_quietly(*this);
  nb::object object = std::exchange(object_, nb::none());
  nb::object on_event = std::move(on_event_);
}

nb::handle Entity::self() {
  if (!self_.is_valid()) self_ = nb::find(this);
  return self_;
}

bool is_coroutine(PyObject * object) {
  if (PyCoro_CheckExact(object)) return true;
  PyTypeObject * type = Py_TYPE(object);
  if (type->tp_as_async == nullptr || type->tp_as_async->am_await == nullptr) return false;
  // Coroutines of Cython and the like: whatever calls itself one.
  static Imported coroutine{"collections.abc", "Coroutine"};
  return is_instance(object, coroutine.get());
}

}  // namespace aiorcl
