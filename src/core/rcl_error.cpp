// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// rcl_ret_t -> exception.
#include "rcl_error.hpp"

#include <rcl/error_handling.h>

namespace aiorcl {

namespace {

[[noreturn]] void raise(rcl_ret_t ret, const char * action, const std::string & entity) {
  std::string message = "Cannot ";
  message += action;
  if (!entity.empty()) message += " (" + entity + ")";
  if (rcl_error_is_set()) {
    message += ": ";
    message += rcl_get_error_string().str;
    rcl_reset_error();
  } else {
    message += ": rcl returned " + std::to_string(ret);
  }
  throw RclError(message);
}

}  // namespace

void check(rcl_ret_t ret, const char * action, const std::string & entity) {
  if (ret != RCL_RET_OK) raise(ret, action, entity);
}

bool check_unless(rcl_ret_t ret, rcl_ret_t expected, const char * action,
                  const std::string & entity) {
  if (ret == RCL_RET_OK) return true;
  if (ret != expected) raise(ret, action, entity);
  rcl_reset_error();
  return false;
}

void ignore(rcl_ret_t ret) noexcept {
  if (ret != RCL_RET_OK) rcl_reset_error();
}

}  // namespace aiorcl
