// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Another thread that does one thing on and on.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

/// Calls a function on and on, until its end.
class Flood {
 public:
  explicit Flood(std::function<void()> act)
      : thread_([this, act = std::move(act)] {
          while (!stop_) act();
        }) {}
  ~Flood() {
    stop_ = true;
    thread_.join();
  }
  Flood(const Flood &) = delete;
  Flood & operator=(const Flood &) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};
