// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Steps in where a thread is about to write to a wakeup fd, as if another thread ran just then.
#pragma once

#include <functional>

/// While it lives, the next write() of the events layer on this thread calls `interrupt` first.
class BeforeWrite {
 public:
  explicit BeforeWrite(std::function<void()> interrupt);
  ~BeforeWrite();
  BeforeWrite(const BeforeWrite &) = delete;
  BeforeWrite & operator=(const BeforeWrite &) = delete;
};
