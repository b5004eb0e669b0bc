// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// One part of an action client or server: what rcl_action tells of by one event callback.
#include "entities/action_part.hpp"

#include <utility>

#include "dispatch/names.hpp"
#include "entities/action_messages.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

/// rclpy's own lock of an action client or server, if there is one (Jazzy's client has none): a
/// thread that sends a request holds it until it has noted the number of the request.
class Locked {
 public:
  explicit Locked(nb::handle action) : lock_(nb::getattr(action, names().lock, nb::none())) {
    if (!lock_.is_none()) call_method(lock_, names().acquire);
  }
  ~Locked() {
    if (lock_.is_none()) return;
    try {
      call_method(lock_, names().release);
    } catch (nb::python_error & error) {
      error.discard_as_unraisable("releasing the lock of an action");
    }
  }
  Locked(const Locked &) = delete;
  Locked & operator=(const Locked &) = delete;

 private:
  nb::object lock_;
};

bool is_request(Source source) {
  return source >= Source::kActionGoalRequest;
}

}  // namespace

ActionPart::ActionPart(Dispatcher & dispatcher, nb::object action, nb::object handle,
                       nb::object group, std::string label, Source source, nb::handle message_class,
                       nb::object execute)
    : Entity(dispatcher, std::move(action), std::move(handle), std::move(group), std::move(label)),
      source_(source),
      action_(pointer()),
      type_(message_class),
      message_(type_),
      execute_(std::move(execute)) {
  watch_.emplace(source, action_, *ready_);
  poke();  // for the backlog, see Entity::settle()
}

ActionPart::~ActionPart() {
  watch_.reset();
}

void ActionPart::unwatch() {
  watch_.reset();
}

nb::object ActionPart::take() {
  const bool topic = source_ == Source::kActionFeedback || source_ == Source::kActionStatus;
  rmw_request_id_t id{};
  rcl_ret_t ret;
  {
    Locked locked(rclpy_entity());
    if (closed()) return {};  // by another thread, while this one waited
    // What is settled: as a subscription, a service and a client do, for the same reasons.
    const std::uint64_t seen = topic ? ready_->pending.load(std::memory_order_acquire) : 1;
    ret = take_action_message(source_, action_, id, message_.get());
    settle(ret == RCL_RET_OK, seen);
  }
  if (found_nothing(ret)) {
    ignore(ret);
    return {};
  }
  check(ret, "take a message of an action");
  nb::object message = message_.to_python();
  if (topic) return message;
  if (is_request(source_)) return nb::make_tuple(nb::bytes(&id, sizeof id), message);
  return nb::make_tuple(id.sequence_number, message);
}

Outcome ActionPart::run(Hooks hooks) {
  nb::object data = take();
  if (!data.is_valid()) return Outcome::kNothing;
  nb::object result = execute_(data);
  if (!is_coroutine(result.ptr())) return Outcome::kCalled;
  call_method(hooks, names().start_callback, self(), result);
  return Outcome::kStarted;
}

int ActionPart::traverse(visitproc visit, void * arg) {
  Py_VISIT(execute_.ptr());
  return Entity::traverse(visit, arg);
}

void ActionPart::clear() {
  Entity::clear();
  execute_.reset();
}

}  // namespace aiorcl
