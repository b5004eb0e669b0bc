// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A message class of Python and what converts its objects.
#include "messages/message_type.hpp"

#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "messages/from_python.hpp"
#include "messages/to_python.hpp"
#include "python/imports.hpp"
#include "python/once.hpp"
#include "python/private_names.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

// To copy this much takes some 100 us; to get the GIL back beside a busy thread up to 5 ms.
constexpr std::size_t kLargeBytes = 1'000'000;

template <typename Function>
Function function_of(nb::handle metaclass, const char * name) {
  nb::object capsule = metaclass.attr(name);
  if (!PyCapsule_CheckExact(capsule.ptr())) {
    throw nb::type_error((std::string("Not a ROS message class: no ") + name).c_str());
  }
  return reinterpret_cast<Function>(
      PyCapsule_GetPointer(capsule.ptr(), PyCapsule_GetName(capsule.ptr())));
}

/// {class: why}
const nb::object & all_without_plan() {
  static Once<nb::object> once;
  return once.get([] { return nb::object(nb::dict()); });
}

/// Once for each class.
void note_without_plan(nb::handle cls, const std::string & reason) {
  const nb::object & all = all_without_plan();
  const int known = PyDict_Contains(all.ptr(), cls.ptr());
  if (known < 0) nb::raise_python_error();
  if (known == 1) return;
  nb::str text(reason.c_str());
  if (PyDict_SetItem(all.ptr(), cls.ptr(), text.ptr()) != 0) nb::raise_python_error();
  nb::object done = imports::tell_without_plan()(cls, text);
}

/// It may have been asked for without, by the environment.
void note_with_plan(nb::handle cls) {
  const nb::object & all = all_without_plan();
  const int known = PyDict_Contains(all.ptr(), cls.ptr());
  if (known < 0 || (known == 1 && PyDict_DelItem(all.ptr(), cls.ptr()) != 0)) {
    nb::raise_python_error();
  }
}

}  // namespace

bool MessageType::wants_plans() noexcept {
  const char * choice = std::getenv("AIORCL_CONVERSION");
  return choice == nullptr || std::string_view(choice) != "rclpy";
}

MessageType::MessageType(nb::handle cls, bool use_plan) : cls_(cls) {
  nb::handle metaclass = cls.type();
  if (!nb::hasattr(metaclass, message_metaclass::kToPython)) {
    throw nb::type_error("Not a ROS message class");
  }
  if (metaclass.attr(message_metaclass::kToPython).is_none()) {
    metaclass.attr("__import_type_support__")();  // what rclpy does on the first use of a type
  }
  if (use_plan) {
    const Plan::Found & found = Plan::of(cls);
    plan_ = found.plan.get();
    if (plan_ == nullptr) {
      note_without_plan(cls, found.why_not);
    } else {
      note_with_plan(cls);
    }
  } else {
    note_without_plan(cls, "AIORCL_CONVERSION is rclpy");
  }
  if (plan_ != nullptr && !plan_->may_hold_buffers()) return;
  create_ = function_of<void * (*)()>(metaclass, message_metaclass::kCreate);
  destroy_ = function_of<void (*)(void *)>(metaclass, message_metaclass::kDestroy);
  from_python_ =
      function_of<bool (*)(PyObject *, void *)>(metaclass, message_metaclass::kFromPython);
  to_python_ = function_of<PyObject * (*)(void *)>(metaclass, message_metaclass::kToPython);
}

nb::typed<nb::dict, nb::type_object, nb::str> MessageType::without_plan() {
  return nb::borrow<nb::dict>(all_without_plan());
}

void MessageType::check(nb::handle message) const {
  RosMessage(*this).from_python(message);
}

RosMessage::RosMessage(const MessageType & type)
    : type_(type),
      of_plan_(type.plan_ != nullptr),
      data_(of_plan_ ? type.plan_->acquire() : type.create_()) {
  if (data_ == nullptr) throw std::bad_alloc();
}

RosMessage::~RosMessage() {
  borrowed_.give_back();
  give_back();
}

void RosMessage::give_back() noexcept {
  if (of_plan_) {
    type_.plan_->release(data_);
  } else {
    type_.destroy_(data_);
  }
}

void RosMessage::replace(bool of_plan) {
  void * const data = of_plan ? type_.plan_->acquire() : type_.create_();
  if (data == nullptr) throw std::bad_alloc();
  give_back();
  of_plan_ = of_plan;
  data_ = data;
}

void RosMessage::renew() {
  void * const data = type_.plan_->acquire();
  if (data == nullptr) throw std::bad_alloc();
  type_.plan_->discard(std::exchange(data_, data));
}

nb::object RosMessage::to_python(const MessageType & type) {
  PyObject * message = nullptr;
  if (type.plan_ != nullptr) {
    message = aiorcl::to_python(*type.plan_, data_);
    if (message == nullptr && PyErr_Occurred() != nullptr) nb::raise_python_error();
  }
  if (message == nullptr) message = type.to_python_(data_);
  if (message == nullptr) {
    if (PyErr_Occurred() == nullptr) {
      PyErr_Format(PyExc_TypeError, "Cannot convert a message of %R", type.cls_.ptr());
    }
    const nb::python_error error;  // takes it over
    if (of_plan_ && type_.plan_->may_hold_buffers()) renew();
    throw nb::python_error(error);
  }
  return nb::steal(message);
}

void RosMessage::from_python(nb::handle message) {
  borrowed_.give_back();  // of the message before, into which nothing must be written
  if (message.type().ptr() != type_.cls_.ptr()) {
    // The generated code only asserts the class, and not at all in a release build.
    const int right = PyObject_IsInstance(message.ptr(), type_.cls_.ptr());
    if (right < 0) nb::raise_python_error();
    if (right == 0) {
      if (PyType_Check(message.ptr()) != 0) {
        PyErr_Format(PyExc_TypeError, "Expected an object of %R, got the class %R itself",
                     type_.cls_.ptr(), message.ptr());
      } else {
        PyErr_Format(PyExc_TypeError, "Expected %R, got %R", type_.cls_.ptr(),
                     Py_TYPE(message.ptr()));
      }
      nb::raise_python_error();
    }
  }
  if (type_.plan_ != nullptr) {
    if (!of_plan_) replace(true);
    switch (aiorcl::from_python(*type_.plan_, message.ptr(), data_, borrowed_)) {
      case Converted::kYes:
        return;
      case Converted::kNo:
        nb::raise_python_error();
      case Converted::kByRclpy:
        borrowed_.give_back();
        replace(false);
    }
  }
  // rclpy's function trusts the types and lengths of all values.
  nb::object right = imports::convertible()(type_.cls_, message);
  const bool converted = type_.from_python_(right.ptr(), data_);
  if (PyErr_Occurred() != nullptr) nb::raise_python_error();
  if (!converted) {
    PyErr_Format(PyExc_TypeError, "Cannot convert %R to its ROS message", message.ptr());
    nb::raise_python_error();
  }
}

bool RosMessage::is_large() const noexcept {
  return type_.plan_ != nullptr && type_.plan_->bulk_of(data_) >= kLargeBytes;
}

}  // namespace aiorcl
