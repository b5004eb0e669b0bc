// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// rcl_ret_t -> exception; the only place that reads and resets rcl's error state.
#pragma once

#include <rcl/types.h>

#include <stdexcept>
#include <string>

namespace aiorcl {

/// An rcl call failed; what() names the call, the entity and rcl's own words.
class RclError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws RclError unless `ret` is RCL_RET_OK. `action` reads on from "Cannot", e.g. "take a
/// message".
void check(rcl_ret_t ret, const char * action, const std::string & entity = {});

/// True if `ret` is RCL_RET_OK, false if it is `expected` (rcl's error state is reset); throws
/// otherwise.
bool check_unless(rcl_ret_t ret, rcl_ret_t expected, const char * action,
                  const std::string & entity = {});

/// For paths that may not throw (destructors, teardown): resets rcl's error state.
void ignore(rcl_ret_t ret) noexcept;

}  // namespace aiorcl
