// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A message class of Python and what converts its objects.
#include "messages/message_type.hpp"

#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

#include "messages/from_python.hpp"
#include "messages/to_python.hpp"
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
  if (use_plan) plan_ = Plan::of(cls);
  if (plan_ != nullptr) return;
  create_ = function_of<void * (*)()>(metaclass, message_metaclass::kCreate);
  destroy_ = function_of<void (*)(void *)>(metaclass, message_metaclass::kDestroy);
  from_python_ =
      function_of<bool (*)(PyObject *, void *)>(metaclass, message_metaclass::kFromPython);
  to_python_ = function_of<PyObject * (*)(void *)>(metaclass, message_metaclass::kToPython);
}

RosMessage::RosMessage(const MessageType & type)
    : type_(type), data_(type.plan_ != nullptr ? type.plan_->acquire() : type.create_()) {
  if (data_ == nullptr) throw std::bad_alloc();
}

RosMessage::~RosMessage() {
  borrowed_.give_back();
  if (type_.plan_ != nullptr) {
    type_.plan_->release(data_);
  } else {
    type_.destroy_(data_);
  }
}

nb::object RosMessage::to_python(const MessageType & type) const {
  PyObject * message =
      type.plan_ != nullptr ? aiorcl::to_python(*type.plan_, data_) : type.to_python_(data_);
  if (message == nullptr) nb::raise_python_error();
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
    if (!aiorcl::from_python(*type_.plan_, message.ptr(), data_, borrowed_)) {
      nb::raise_python_error();
    }
    return;
  }
  // rclpy's function trusts the types and lengths of all values.
  static Imported convertible{"aiorcl._rclpy.conversion", "convertible"};
  nb::object right = convertible.get()(type_.cls_, message);
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
