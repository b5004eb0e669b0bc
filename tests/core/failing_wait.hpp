// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Lets rmw_wait fail, as it does when the middleware is short of something, or holds it up.
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

/// Holds up the first thread whose rmw_wait, without a timeout, has got something, on its way back.
class HeldWait {
 public:
  HeldWait();
  ~HeldWait();
  HeldWait(const HeldWait &) = delete;
  HeldWait & operator=(const HeldWait &) = delete;

  /// Blocks until a thread is held up.
  void wait_until_held();

  /// Blocks until the events layer has triggered guard conditions so often since it lives.
  void wait_for_triggers(int count);

  void release();
};
