// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A message class of Python and the functions that rosidl generated for it.
#include "messages/message_type.hpp"

#include <new>
#include <string>

namespace nb = nanobind;

namespace aiorcl {

namespace {

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

MessageType::MessageType(nb::handle cls) : cls_(cls) {
  nb::handle metaclass = cls.type();
  if (!nb::hasattr(metaclass, "_CONVERT_TO_PY")) {
    throw nb::type_error("Not a ROS message class");
  }
  if (metaclass.attr("_CONVERT_TO_PY").is_none()) {
    metaclass.attr("__import_type_support__")();  // what rclpy does on the first use of a type
  }
  create_ = function_of<void * (*)()>(metaclass, "_CREATE_ROS_MESSAGE");
  destroy_ = function_of<void (*)(void *)>(metaclass, "_DESTROY_ROS_MESSAGE");
  from_python_ = function_of<bool (*)(PyObject *, void *)>(metaclass, "_CONVERT_FROM_PY");
  to_python_ = function_of<PyObject * (*)(void *)>(metaclass, "_CONVERT_TO_PY");
}

nb::object MessageType::to_python(void * ros_message) const {
  PyObject * message = to_python_(ros_message);
  if (message == nullptr) nb::raise_python_error();
  return nb::steal(message);
}

void MessageType::from_python(nb::handle message, void * ros_message) const {
  // The generated code only asserts the class, and not at all in a release build.
  const int right = PyObject_IsInstance(message.ptr(), cls_.ptr());
  if (right < 0) nb::raise_python_error();
  if (right == 0) {
    PyErr_Format(PyExc_TypeError, "Expected %R, got %R", cls_.ptr(), Py_TYPE(message.ptr()));
    nb::raise_python_error();
  }
  if (!from_python_(message.ptr(), ros_message)) {
    if (PyErr_Occurred() == nullptr) {
      PyErr_Format(PyExc_TypeError, "Cannot convert %R to its ROS message", message.ptr());
    }
    nb::raise_python_error();
  }
}

RosMessage::RosMessage(const MessageType & type) : destroy_(type.destroy_), data_(type.create_()) {
  if (data_ == nullptr) throw std::bad_alloc();
}

}  // namespace aiorcl
