// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Lets rmw_wait fail, as it does when the middleware is short of something.
#pragma once

/// While it lives, rmw_wait of the events layer returns an error, on any thread.
class FailingWait {
 public:
  FailingWait();
  ~FailingWait();
  FailingWait(const FailingWait &) = delete;
  FailingWait & operator=(const FailingWait &) = delete;

  /// Blocks until rmw_wait has failed so often since it lives.
  void wait_for(int failures);
};
