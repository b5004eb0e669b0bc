// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The attributes that rclpy and rosidl keep for themselves, and C++ reads or sets all the same.
#pragma once

#include <nanobind/nanobind.h>

namespace aiorcl {

/// Of rclpy's classes, interned. All of them are in rclpy 7.1, 9.1, 10 and 11, unless it says more.
/// What Python takes is in `aiorcl._rclpy.private`. GIL held.
struct RclpyNames {
  // Client, ActionClient (not in 7.1.5), ActionServer, Future: what guards the rest.
  PyObject * lock = PyUnicode_InternFromString("_lock");

  // Client
  PyObject * pending_requests = PyUnicode_InternFromString("_pending_requests");

  // Future
  PyObject * callbacks = PyUnicode_InternFromString("_callbacks");
  PyObject * exception = PyUnicode_InternFromString("_exception");
  PyObject * exception_fetched = PyUnicode_InternFromString("_exception_fetched");
  PyObject * executor = PyUnicode_InternFromString("_executor");
  PyObject * result = PyUnicode_InternFromString("_result");
  PyObject * state = PyUnicode_InternFromString("_state");

  // Subscription
  PyObject * callback = PyUnicode_InternFromString("_callback");
  PyObject * callback_type = PyUnicode_InternFromString("_callback_type");
};

inline const RclpyNames & rclpy_names() {
  static const RclpyNames instance;
  return instance;
}

/// Of the metaclass of a message class that rosidl has generated: capsules, which are None until
/// `__import_type_support__()` was called. Jazzy and newer.
namespace message_metaclass {
inline constexpr const char * kTypeSupport = "_TYPE_SUPPORT";
inline constexpr const char * kCreate = "_CREATE_ROS_MESSAGE";
inline constexpr const char * kDestroy = "_DESTROY_ROS_MESSAGE";
inline constexpr const char * kFromPython = "_CONVERT_FROM_PY";
inline constexpr const char * kToPython = "_CONVERT_TO_PY";
}  // namespace message_metaclass

/// Of the message class itself: slots, one for each field, of its name behind an underscore, and
/// one that says whether setters check. Jazzy and newer.
namespace message_slots {
inline constexpr const char * kOfField = "_";
inline constexpr const char * kCheckFields = "_check_fields";
}  // namespace message_slots

}  // namespace aiorcl
