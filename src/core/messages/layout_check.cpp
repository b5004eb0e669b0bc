// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Whether the messages of the ROS that runs lie in memory as those of the headers do.
#include "messages/layout_check.hpp"

#include <dlfcn.h>
#include <nanobind/nanobind.h>
#include <rcl_interfaces/msg/detail/parameter_value__struct.h>
#include <rosidl_runtime_c/message_type_support_struct.h>
#include <rosidl_typesupport_introspection_c/message_introspection.h>

#include <cstddef>
#include <iterator>

namespace nb = nanobind;

namespace aiorcl {

namespace {

using Members = rosidl_typesupport_introspection_c__MessageMembers;
using Message = rcl_interfaces__msg__ParameterValue;  // has a sequence of each kind

#ifdef __APPLE__
constexpr const char * kSuffix = ".dylib";
#else
constexpr const char * kSuffix = ".so";
#endif

constexpr std::size_t kOffsets[] = {
    offsetof(Message, type),
    offsetof(Message, bool_value),
    offsetof(Message, integer_value),
    offsetof(Message, double_value),
    offsetof(Message, string_value),
    offsetof(Message, byte_array_value),
    offsetof(Message, bool_array_value),
    offsetof(Message, integer_array_value),
    offsetof(Message, double_array_value),
    offsetof(Message, string_array_value),
};

bool is_ours(const Members & members) noexcept {
  if (members.member_count_ != std::size(kOffsets) || members.size_of_ != sizeof(Message)) {
    return false;
  }
  // In order: one of another size is found out at the second, before anything behind them is read.
  for (std::size_t i = 0; i < std::size(kOffsets); ++i) {
    if (members.members_[i].offset_ != kOffsets[i]) return false;
  }
  return true;
}

}  // namespace

void check_layout(const std::string & message) {
  const std::string library = "lib" + message.substr(0, message.find("__")) +
                              "__rosidl_typesupport_introspection_c" + kSuffix;
  void * const loaded = ::dlopen(library.c_str(), RTLD_LAZY);  // for good, as ROS would have it
  if (loaded == nullptr) return;
  void * const symbol = ::dlsym(
      loaded,
      ("rosidl_typesupport_introspection_c__get_message_type_support_handle__" + message).c_str());
  if (symbol == nullptr) return;
  const auto get = reinterpret_cast<const rosidl_message_type_support_t * (*)()>(symbol);
  if (is_ours(*static_cast<const Members *>(get()->data))) return;
  throw nb::import_error(
      "aiorcl was built against another release of ROS, whose messages have another layout: "
      "build it again where this ROS is (pip install --no-cache-dir --force-reinstall, from its "
      "sources)");
}

}  // namespace aiorcl
