// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Work that Python posts to the loop's thread from any thread.
#include "entities/posted.hpp"

#include <utility>

#include "dispatch/names.hpp"

namespace nb = nanobind;

namespace aiorcl {

Posted::Posted(Dispatcher & dispatcher, nb::object deque)
    : Entity(dispatcher, std::move(deque), nb::none(), nb::none(), "task") {
  outlive_context();
}

Outcome Posted::run(Hooks, Claim & claim) {
  claim.settle(1);
  if (nb::len(rclpy_entity()) == 0) return Outcome::kNothing;
  nb::object work = call_method(rclpy_entity(), names().popleft);
  nb::object result = call_object(work);
  return result.ptr() == Py_False ? Outcome::kNothing : Outcome::kCalled;
}

}  // namespace aiorcl
