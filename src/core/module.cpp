// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// aiorcl._core: what Python has of the classes, and by which names.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <rcl/node.h>
#include <rcl_action/action_client.h>
#include <rcl_action/action_server.h>

#include <cstdlib>
#include <utility>

#include "collector_slots.hpp"
#include "dispatch/dispatcher.hpp"
#include "dispatch/group.hpp"
#include "dispatch/loop_turn.hpp"
#include "dispatch/names.hpp"
#include "entities/action_messages.hpp"
#include "entities/action_part.hpp"
#include "entities/alarm.hpp"
#include "entities/client.hpp"
#include "entities/driven_waitable.hpp"
#include "entities/goal_expiry.hpp"
#include "entities/guard_condition.hpp"
#include "entities/jobs.hpp"
#include "entities/posted.hpp"
#include "entities/publisher.hpp"
#include "entities/rclpy_future.hpp"
#include "entities/service.hpp"
#include "entities/subscription.hpp"
#include "entities/timer.hpp"
#include "entities/waitable.hpp"
#include "import_again.hpp"
#include "messages/layout_check.hpp"
#include "messages/message_type.hpp"
#include "rcl_error.hpp"
#include "system_error.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace aiorcl;

namespace {

/// rclpy's extension, which was imported before ours.
nb::object rclpy_implementation() {
  nb::str name("rclpy.impl.implementation_singleton");
  PyObject * module = PyImport_GetModule(name.ptr());
  if (module == nullptr) {
    if (PyErr_Occurred() != nullptr) nb::raise_python_error();
    throw nb::import_error("aiorcl._core needs rclpy, which aiorcl imports first");
  }
  return nb::steal(module).attr("rclpy_implementation");
}

}  // namespace

/// A Source is an int in Python: an enum would be made by code of Python.
template <>
struct nanobind::detail::type_caster<Source> {
  NB_TYPE_CASTER(Source, const_name("int"))

  bool from_python(handle object, std::uint8_t flags, cleanup_list * cleanup) noexcept {
    make_caster<std::uint8_t> number;
    if (!number.from_python(object, flags, cleanup) || number.value >= kSources) return false;
    value = static_cast<Source>(number.value);
    return true;
  }
};

// Nothing in here runs code of Python: nanobind ends the process where that raises, and whatever it
// runs may be interrupted by Ctrl-C. See also import_interrupt.cpp.
NB_MODULE(_core, m) {
  if (take_up(m, nb::type<LoopTurn>(), nb::type<DrivenWaitable>())) return;
  // What a process leaves behind at its end, as with a daemon thread, is no news for its user.
  const char * warn = std::getenv("AIORCL_LEAK_WARNINGS");
  nb::set_leak_warnings(warn != nullptr && *warn != '\0');
  nb::register_exception_translator(translate_system_error);
  // A subclass of rclpy's own error: code that catches that one catches ours.
  nb::exception<RclError>(m, "RclError", rclpy_implementation().attr("RCLError"));

  nb::class_<LoopTurn>(m, "LoopTurn")
      .def(nb::init<>())
      .def_rw("wanted", &LoopTurn::wanted)
      .def_rw("stopping", &LoopTurn::stopping)
      .def_ro("due", &LoopTurn::due)
      .def("begin", &LoopTurn::begin, "timeout"_a.none())
      .def("looks", &LoopTurn::looks);
  m.def("wanting", &wanting, "method"_a);
  m.def(
      "keep_for_ever", [](nb::handle object) { object.inc_ref(); }, "object"_a,
      "From now on it is never finalized, not even at the end of the interpreter.");

  nb::class_<ContextState>(m, "ContextState")
      .def(
          "__init__",
          [](ContextState * self, std::uintptr_t context) {
            new (self) ContextState{reinterpret_cast<const rcl_context_t *>(context)};
          },
          "context"_a, "The context stays in use as long as the object is asked.")
      .def_prop_ro("is_up", &ContextState::is_up)
      .def_rw("goes_down", &ContextState::goes_down);

  nb::class_<Dispatcher>(m, "Dispatcher", nb::type_slots(dispatcher_slots))
      .def(nb::init<bool, std::shared_ptr<const ContextState>>(), "portable"_a = false,
           "ros_context"_a = nb::none())
      .def(
          "runs",
          [](const Dispatcher & self, const Entity * entity) {
            return self.running() != nullptr && (entity == nullptr || entity == self.running());
          },
          "entity"_a.none(), "Whether this entity is being run, or any if None.")
      .def(
          "callers",
          [](const Dispatcher & self, const Entity * entity) {
            return self.callers()->threads(entity);
          },
          "entity"_a.none(), "The threads in Entity.call_if_may() of this entity, or of any.")
      .def("begin_run", &Dispatcher::begin_run)
      .def("end_run", &Dispatcher::end_run, "left"_a.none())
      .def_prop_ro("thread", [](Dispatcher & self) { return self.runner().thread(); })
      .def_prop_ro("last_thread", [](Dispatcher & self) { return self.runner().last_thread(); })
      .def("runs_here", [](Dispatcher & self) { return self.runner().is_here(); })
      .def(
          "wait_for_run", [](Dispatcher & self, nb::object bell) { self.runner().wait(bell); },
          "bell"_a,
          "Calls `bell`, a function of C, at the next callback, ring() or the end of the run.")
      .def("ring", [](Dispatcher & self) { self.runner().ring(); })
      .def_prop_ro("wakeup_fd", &Dispatcher::wakeup_fd)
      .def_prop_ro("timer_fds", &Dispatcher::timer_fds)
      .def("next_due_in", &Dispatcher::next_due_in)
      .def("run", &Dispatcher::run, "hooks"_a, "max_callbacks"_a, "budget_ns"_a)
      .def("drain", &Dispatcher::drain, "hooks"_a, "timer_fd"_a = -1)
      .def("timer_readable", &Dispatcher::timer_readable, "timer_fd"_a)
      .def("host", &Dispatcher::host, "loop_fd"_a)
      .def("wait", &Dispatcher::wait, "hooks"_a, "timeout"_a, "turn"_a, "max_callbacks"_a)
      .def("wake", &Dispatcher::wake)
      .def("has_ready", &Dispatcher::has_ready)
      .def("stop", &Dispatcher::stop)
      .def_prop_ro("looks", &Dispatcher::looks)
      .def_prop_ro("callbacks", &Dispatcher::callbacks)
      .def_prop_ro("longest_ns", &Dispatcher::longest_ns)
      .def_prop_ro("longest_label", &Dispatcher::longest_label)
      .def_rw("variables", &Dispatcher::variables, nb::arg().none())
      .def_rw("slow_ns", &Dispatcher::slow_ns)
      .def("close", &Dispatcher::close);

  m.def(
      "is_coroutine", [](nb::handle object) { return is_coroutine(object.ptr()); },
      "object"_a.none(),
      "True for what asyncio can run as a task: a coroutine, of Python's or any class.");
  m.def("discard_callback", &discard_callback, "future"_a, "callback"_a);
  m.def("take_callbacks", &take_callbacks, "future"_a, "cls"_a);
  m.def("something_runs_here", &Runner::any_here);

  nb::class_<Histogram>(m, "Histogram")
      .def_prop_ro("count", &Histogram::count)
      .def_prop_ro("total", &Histogram::total)
      .def_prop_ro("max", &Histogram::max)
      .def("percentile", &Histogram::percentile, "percent"_a);

  nb::class_<Group>(m, "Group", nb::type_slots(group_slots), nb::is_weak_referenceable())
      .def(
          "__init__",
          [](Group * self, Dispatcher & dispatcher, std::size_t limit) {
            new (self) Group(dispatcher.queue(), limit);
          },
          "dispatcher"_a, "limit"_a)
      .def(
          "__init__",
          [](Group * self, Dispatcher & dispatcher, std::size_t limit, nb::object workers) {
            new (self) Group(dispatcher.queue(), limit, workers);
          },
          "dispatcher"_a, "limit"_a, "workers"_a)
      .def(
          "__init__",
          [](Group * self, Dispatcher & dispatcher, nb::object rules, nb::object workers) {
            new (self) Group(dispatcher.queue(), rules, workers);
          },
          "dispatcher"_a, "rules"_a, "workers"_a = nb::none())
      .def_prop_ro("running", &Group::running);

  nb::class_<Entity>(m, "Entity", nb::type_slots(entity_slots), nb::is_weak_referenceable())
      .def("close", &Entity::close)
      .def("ended", &Entity::ended)
      .def("mute", &Entity::mute)
      .def("outlive_context", &Entity::outlive_context)
      .def_prop_ro("may_call", &Entity::may_call)
      .def("call_if_may", &Entity::call_if_may, "otherwise"_a, "function"_a, "args"_a,
           "Calls a function if a callback may begin, and else returns `otherwise`.")
      .def("poke", &Entity::poke, "events"_a = 1)
      .def("renew", &Entity::renew,
           "Sets its event callbacks anew: the middleware has made again what they were set on.")
      .def("renew_if_on", &Entity::renew_if_on, "rcl_entity"_a,
           "The same, if one of them is set on this rcl entity, by its address.")
      .def_prop_ro("pending", &Entity::pending)
      .def_prop_ro("unsettled", &Entity::unsettled)
      .def_prop_ro("closed", &Entity::closed)
      .def_prop_ro("rclpy_entity",
                   [](const Entity & self) { return nb::borrow(self.rclpy_entity()); })
      .def_prop_ro("label", &Entity::label)
      .def_prop_ro("queue_delay", [](Entity & self) { return self.calls().queue_delay(); })
      .def_prop_ro("callback_time", [](Entity & self) { return self.calls().time(); })
      .def_prop_ro("step_time", [](Entity & self) { return self.calls().step_time(); })
      .def(
          "add_step", [](Entity & self, std::int64_t took) { self.calls().add_step(took); },
          "nanoseconds"_a, "Records a step of a coroutine that a call returned.")
      .def_prop_ro("running", [](Entity & self) { return self.calls().running; })
      .def_prop_ro("held_back", [](Entity & self) { return self.calls().held_back; })
      .def_prop_rw("on_event", &Entity::on_event, &Entity::set_on_event, nb::arg().none())
      .def_prop_ro("untold", &Entity::untold)
      .def("inherit_on_event", &Entity::inherit_on_event, "callback"_a, "untold"_a, "told"_a);

  nb::class_<Subscription, Entity>(m, "Subscription", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object, nb::object, std::string, bool>(), "dispatcher"_a,
           "subscription"_a, "group"_a.none(), "label"_a, "with_gid"_a)
      .def("begin_change", &Subscription::begin_change,
           "Nothing is taken from now on, until end_change(), while this thread has the GIL.")
      .def("end_change", &Subscription::end_change);
  nb::class_<Service, Entity>(m, "Service", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object, nb::object, std::string, bool>(), "dispatcher"_a,
           "service"_a, "group"_a.none(), "label"_a, "sends_itself"_a = false)
      .def("respond", &Service::respond, "response"_a.none(), "request_id"_a);
  nb::class_<Requests>(m, "Requests", nb::is_weak_referenceable())
      .def(nb::init<>())
      .def_prop_ro("under_way", &Requests::under_way)
      .def_rw("on_answer", &Requests::on_answer, nb::arg().none());
  nb::class_<Client, Entity>(m, "Client", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object, std::string, std::size_t, nb::object,
                    std::shared_ptr<Requests>, bool>(),
           "dispatcher"_a, "client"_a, "label"_a, "depth"_a, "tell_crowded"_a, "requests"_a,
           "finds_itself"_a = false)
      .def("stand_in", &Client::stand_in)
      .def("call_async", &Client::call_async, "request"_a.none());
  nb::class_<Timer, Entity>(m, "Timer", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object, nb::object, std::string>(), "dispatcher"_a, "timer"_a,
           "group"_a.none(), "label"_a);
  nb::class_<Alarm, Entity>(m, "Alarm", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object, std::int64_t, nb::object>(), "dispatcher"_a,
           "clock"_a, "until_ns"_a, "done"_a);
  nb::class_<Jobs, Entity>(m, "Jobs", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object>(), "dispatcher"_a, "function"_a)
      .def("post", &Jobs::post);
  nb::class_<Posted, Entity>(m, "Posted", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object>(), "dispatcher"_a, "deque"_a)
      .def("post", &Posted::post);

  nb::class_<Publisher, Entity>(m, "Publisher", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object, std::string>(), "dispatcher"_a, "publisher"_a,
           "label"_a)
      .def("stand_in", &Publisher::stand_in)
      .def_prop_ro("may_block", &Publisher::may_block)
      .def("publish", &Publisher::publish, "msg"_a.none());

  nb::class_<MessageType>(m, "MessageType")
      .def(
          "__init__",
          [](MessageType * self, nb::handle cls, std::optional<bool> use_plan) {
            new (self) MessageType(cls, use_plan.value_or(MessageType::wants_plans()));
          },
          "cls"_a, "use_plan"_a = nb::none())
      .def_prop_ro("has_plan", &MessageType::has_plan)
      .def_static("without_plan", &MessageType::without_plan)
      .def("check", &MessageType::check, "message"_a.none());
  m.def("check_layout", &check_layout, "message"_a = "rcl_interfaces__msg__ParameterValue");
  nb::class_<RosMessage>(m, "RosMessage")
      .def(nb::init<const MessageType &>(), "type"_a, nb::keep_alive<1, 2>())
      .def("from_python", &RosMessage::from_python, "message"_a)
      .def_prop_ro("address", &RosMessage::address)
      .def("to_python", nb::overload_cast<const MessageType &>(&RosMessage::to_python), "type"_a);

  for (const auto & [name, source] : {
           std::pair("ACTION_GOAL_RESPONSE", Source::kActionGoalResponse),
           std::pair("ACTION_CANCEL_RESPONSE", Source::kActionCancelResponse),
           std::pair("ACTION_RESULT_RESPONSE", Source::kActionResultResponse),
           std::pair("ACTION_FEEDBACK", Source::kActionFeedback),
           std::pair("ACTION_STATUS", Source::kActionStatus),
           std::pair("ACTION_GOAL_REQUEST", Source::kActionGoalRequest),
           std::pair("ACTION_CANCEL_REQUEST", Source::kActionCancelRequest),
           std::pair("ACTION_RESULT_REQUEST", Source::kActionResultRequest),
       }) {
    m.attr(name) = nb::int_(static_cast<int>(source));
  }
  nb::class_<ActionPart, Entity>(m, "ActionPart", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object, nb::object, nb::object, std::string, Source,
                    nb::handle, nb::object>(),
           "dispatcher"_a, "action"_a, "handle"_a, "group"_a.none(), "label"_a, "source"_a,
           "message_class"_a, "execute"_a);
  m.def("send_action_request", &send_action_request, "response"_a, "client"_a, "type"_a,
        "request"_a.none());
  m.def("send_action_response", &send_action_response, "request"_a, "server"_a, "type"_a, "id"_a,
        "response"_a.none());
  m.def("publish_action_feedback", &publish_action_feedback, "server"_a, "type"_a,
        "message"_a.none());
  nb::class_<GoalExpiry, Entity>(m, "GoalExpiry", nb::type_slots(entity_slots))
      .def(
          nb::init<Dispatcher &, nb::object, nb::object, std::string, std::uintptr_t, nb::object>(),
          "dispatcher"_a, "server"_a, "handle"_a, "label"_a, "wait_set"_a, "expire"_a);
  m.def(
      "action_client_name",
      [](std::uintptr_t client) {
        return rcl_action_client_get_action_name(reinterpret_cast<rcl_action_client_t *>(client));
      },
      "client"_a);
  m.def("action_client_depths", &action_client_depths, "client"_a);
  m.def(
      "action_server_name",
      [](std::uintptr_t server) {
        return rcl_action_server_get_action_name(reinterpret_cast<rcl_action_server_t *>(server));
      },
      "server"_a);

  m.def(
      "graph_guard",
      [](std::uintptr_t node) {
        return reinterpret_cast<std::uintptr_t>(
            rcl_node_get_graph_guard_condition(reinterpret_cast<rcl_node_t *>(node)));
      },
      "node"_a);
  nb::class_<GuardThreads>(m, "GuardThreads")
      .def(
          "__init__",
          [](GuardThreads * self, std::uintptr_t context) {
            new (self) GuardThreads(reinterpret_cast<rcl_context_t *>(context));
          },
          "context"_a)
      .def("ask", [](GuardThreads & self, Dispatcher & dispatcher) {
        return self.ask(*dispatcher.queue());
      });
  nb::class_<GuardCondition, Entity>(m, "GuardCondition", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object, nb::object, std::string,
                    std::shared_ptr<GuardThreads>>(),
           "dispatcher"_a, "guard"_a, "group"_a.none(), "label"_a, "guards"_a)
      .def("give_back", &GuardCondition::give_back)
      .def("trigger", &GuardCondition::trigger)
      .def("stand_in", &GuardCondition::stand_in);
  nb::class_<Waitable, Entity>(m, "Waitable", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object, nb::object, nb::object, std::string, std::uintptr_t,
                    std::shared_ptr<GuardThreads>>(),
           "dispatcher"_a, "waitable"_a, "in_use"_a, "group"_a.none(), "label"_a, "wait_set"_a,
           "guards"_a)
      .def("look", &Waitable::look, "wait_set"_a)
      .def("take_back", &Waitable::take_back)
      .def("taken", &Waitable::taken);
  nb::class_<DrivenWaitable, Entity>(m, "DrivenWaitable", nb::type_slots(entity_slots))
      .def(nb::init<Dispatcher &, nb::object, nb::object, std::string>(), "dispatcher"_a,
           "waitable"_a, "group"_a.none(), "label"_a)
      .def("listen", &DrivenWaitable::listen)
      .def("taken", &DrivenWaitable::taken);
  leave_for_another_import(m, nb::type<DrivenWaitable>());
}
