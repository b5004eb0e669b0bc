// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// rcl_ret_t -> exception, with rcl's own words, and nothing left behind in rcl's error state.

#include <doctest/doctest.h>
#include <rcl/error_handling.h>
#include <rcl/timer.h>

#include <string>
#include <thread>

#include "rcl_error.hpp"

using aiorcl::check;
using aiorcl::check_unless;
using aiorcl::ignore;
using aiorcl::RclError;

namespace {

/// A call that rcl refuses.
rcl_ret_t fail() {
  bool ready = false;
  return rcl_timer_is_ready(nullptr, &ready);
}

template <typename Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const RclError & error) {
    return error.what();
  }
  return "no RclError";
}

}  // namespace

TEST_CASE("a call that succeeded throws nothing") {
  check(RCL_RET_OK, "look at a timer");
  CHECK(check_unless(RCL_RET_OK, RCL_RET_TIMER_CANCELED, "look at a timer"));
  ignore(RCL_RET_OK);
}

TEST_CASE("the error of a call names what was tried, the entity, and rcl's reason") {
  const std::string message = message_of([] { check(fail(), "look at a timer", "node '/a'"); });
  CHECK(message.find("Cannot look at a timer (node '/a'): ") == 0);
  CHECK(message.find("timer argument is null") != std::string::npos);
}

TEST_CASE("the error of a call without entity names none") {
  const std::string message = message_of([] { check(fail(), "look at a timer"); });
  CHECK(message.find("Cannot look at a timer: ") == 0);
}

TEST_CASE("where rcl gives no reason the error has the number that it returned") {
  const std::string message = message_of([] { check(RCL_RET_TIMER_CANCELED, "call a timer"); });
  CHECK(message ==
        "Cannot call a timer: rcl returned " + std::to_string(int{RCL_RET_TIMER_CANCELED}));
}

TEST_CASE("rcl's error state is empty after the error was thrown") {
  CHECK_THROWS_AS(check(fail(), "look at a timer"), RclError);
  CHECK_FALSE(rcl_error_is_set());
  CHECK_THROWS_AS(check_unless(fail(), RCL_RET_TIMER_CANCELED, "look at a timer"), RclError);
  CHECK_FALSE(rcl_error_is_set());
}

TEST_CASE("an expected failure is false, and leaves no error state") {
  CHECK_FALSE(check_unless(fail(), RCL_RET_INVALID_ARGUMENT, "look at a timer"));
  CHECK_FALSE(rcl_error_is_set());
}

TEST_CASE("an ignored failure leaves no error state") {
  ignore(fail());
  CHECK_FALSE(rcl_error_is_set());
}

TEST_CASE("the error of one thread is not another's") {
  const rcl_ret_t ret = fail();
  REQUIRE(rcl_error_is_set());
  std::string message;
  std::thread other(
      [&message] { message = message_of([] { check(RCL_RET_TIMER_CANCELED, "call a timer"); }); });
  other.join();
  CHECK(message.find("rcl returned") != std::string::npos);
  CHECK(message_of([ret] { check(ret, "look at a timer"); }).find("is null") != std::string::npos);
}
