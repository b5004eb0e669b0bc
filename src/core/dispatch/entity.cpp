// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What the dispatcher runs.
#include "dispatch/entity.hpp"

#include <utility>

#include "dispatch/dispatcher.hpp"
#include "dispatch/names.hpp"
#include "python/once.hpp"

namespace nb = nanobind;

namespace aiorcl {

Entity::Entity(Dispatcher & dispatcher, nb::object object, nb::object in_use, nb::object group,
               std::string label)
    : queue_(dispatcher.queue()),
      timers_(dispatcher.timers()),
      ready_(nullptr),
      object_(std::move(object)),
      in_use_(std::move(in_use)),
      group_object_(std::move(group)),
      label_(std::move(label)) {
  if (!group_object_.is_none()) group_ = nb::cast<Group *>(group_object_);
  if (!in_use_.is_none()) in_use_.attr("__enter__")();  // raises InvalidHandle if it is destroyed
  ready_ = new Ready(*queue_, this);
}

Entity::~Entity() {
  if (ready_ == nullptr) return;
  // A derived class has closed its watches in its own destructor.
  ReadyQueue::release(std::exchange(ready_, nullptr));
  try {
    release();
  } catch (nb::python_error & error) {
    error.discard_as_unraisable("closing an entity");
  }
}

void Entity::close() {
  if (ready_ == nullptr) return;
  if (stands_in_for_ != nullptr) object_.attr("__dict__").attr("pop")(stands_in_for_, nb::none());
  unwatch();
  ReadyQueue::release(std::exchange(ready_, nullptr));
  release();
}

void Entity::release() {
  nb::object in_use = std::exchange(in_use_, nb::none());
  if (in_use.is_valid() && !in_use.is_none()) {
    in_use.attr("__exit__")(nb::none(), nb::none(), nb::none());
  }
}

void Entity::ended() {
  --calls_.running;
  if (group_ != nullptr) group_->end(object_);
}

void Entity::set_on_event(nb::object callback) {
  reported_ = events();
  on_event_ = callback.is_none() ? nb::object() : std::move(callback);
}

void Entity::report() {
  if (!on_event_.is_valid()) return;
  const std::uint64_t count = events();
  if (count == reported_) return;
  const std::uint64_t fresh = count - std::exchange(reported_, count);
  nb::object callback = on_event_;  // it may replace itself
  callback(fresh);
}

void Entity::stand_in_for(const char * method) {
  object_.attr("__dict__").attr("setdefault")(method, self().attr(method));
  stands_in_for_ = method;
}

Outcome Entity::call(Hooks hooks, PyObject * callback, PyObject * const * args, std::size_t nargs,
                     PyObject * kwnames) {
  const nb::object callable = as_group_wants(nb::borrow(callback));
  nb::object result = nb::steal(PyObject_Vectorcall(callable.ptr(), args, nargs, kwnames));
  if (!result.is_valid()) nb::raise_python_error();
  if (result.is_none() || !is_coroutine(result.ptr())) return Outcome::kCalled;
  call_method(hooks, names().start_callback, self(), result);
  return Outcome::kStarted;
}

void Entity::settle(bool took, std::uint64_t unfound) {
  const std::uint64_t settled = !took ? unfound : (backlog_ ? 0 : 1);
  if (ready_->handled(settled)) {
    queue_->requeue(*ready_);
  } else {
    backlog_ = false;
  }
}

void Entity::raise_invalid_handle(const char * action) const {
  PyErr_Format(nb::module_::import_("rclpy.exceptions").attr("InvalidHandle").ptr(),
               "Cannot %s: %s is destroyed or on no executor", action, label_.c_str());
  nb::raise_python_error();
}

void * Entity::pointer() const {
  return reinterpret_cast<void *>(nb::cast<std::uintptr_t>(in_use_.attr("pointer")));
}

int Entity::traverse(visitproc visit, void * arg) {
  Py_VISIT(object_.ptr());
  Py_VISIT(in_use_.ptr());
  Py_VISIT(group_object_.ptr());
  Py_VISIT(on_event_.ptr());
  return 0;
}

void Entity::clear() {
  close();
  object_ = nb::none();
  on_event_.reset();
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
