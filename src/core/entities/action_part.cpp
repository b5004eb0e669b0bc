// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// One part of an action client or server: what rcl_action tells of by one event callback.
#include "entities/action_part.hpp"

#include <utility>

#include "dispatch/names.hpp"
#include "entities/action_messages.hpp"
#include "entities/wait_set.hpp"
#include "python/private_names.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

/// rclpy's own lock of an action client or server, if there is one (Jazzy's client has none): a
/// thread that sends a request holds it until it has noted the number of the request.
class Locked {
 public:
  explicit Locked(nb::handle action) : lock_(nb::getattr(action, rclpy_names().lock, nb::none())) {
    if (!lock_.is_none()) call_method(lock_, names().acquire);
  }
  ~Locked() {
    if (lock_.is_none()) return;
    const nb::error_scope pending;
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

bool only_completes_futures(Source source) {
  return source == Source::kActionGoalResponse || source == Source::kActionCancelResponse ||
         source == Source::kActionResultResponse;
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
  if (only_completes_futures(source)) outlive_context();
  watch_ = add_source<Watch>(source, action_);
  poke();  // for the backlog, see Entity::settle()
}

bool ActionPart::has_something(Hooks, Claim & claim) {
  const std::uint64_t seen = claim.pending();
  if (has_action_message(ros_context(), source_, action_)) return true;
  settle(claim, Taken::kNothing, seen);
  return false;
}

nb::object ActionPart::take(Claim & claim) {
  const bool topic = source_ == Source::kActionFeedback || source_ == Source::kActionStatus;
  rmw_request_id_t id{};
  rcl_ret_t ret;
  {
    Locked locked(rclpy_entity());
    if (closed()) return {};  // by another thread, while this one waited
    // What is settled: as a subscription, a service and a client do, for the same reasons.
    const std::uint64_t seen = topic ? claim.pending() : 1;
    ret = take_action_message(source_, action_, id, message_.get());
    settle(claim,
           ret == RCL_RET_OK    ? Taken::kSomething
           : found_nothing(ret) ? Taken::kNothing
                                : Taken::kFailed,
           seen);
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

Outcome ActionPart::run(Hooks hooks, Claim & claim) {
  nb::object data = take(claim);
  if (!data.is_valid() || !may_call()) return Outcome::kNothing;
  nb::object result = call_object(execute_, data);
  return start(hooks, result);
}

int ActionPart::traverse(visitproc visit, void * arg) {
  Py_VISIT(execute_.ptr());
  return Entity::traverse(visit, arg);
}

void ActionPart::clear() noexcept {
  Entity::clear();
  nb::object execute = std::move(execute_);
}

}  // namespace aiorcl
