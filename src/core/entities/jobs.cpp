// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What the executor itself has for the loop's thread: done before anything else that is ready.
#include "entities/jobs.hpp"

#include <utility>

#include "dispatch/names.hpp"

namespace nb = nanobind;

namespace aiorcl {

Jobs::Jobs(Dispatcher & dispatcher, nb::object function)
    : Entity(dispatcher, std::move(function), nb::none(), nb::none(), "executor") {
  outlive_context();
  be_urgent();
}

Outcome Jobs::run(Hooks, Claim & claim) {
  claim.withdraw();  // before the call: what is posted meanwhile is for the next
  nb::object function = nb::borrow(rclpy_entity());
  call_object(function);
  return Outcome::kNothing;
}

}  // namespace aiorcl
