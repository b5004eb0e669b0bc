// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The fd that an event loop polls: readable from notify() until clear(), from any thread.

#include <doctest/doctest.h>
#include <poll.h>

#include <array>
#include <thread>

#include "events/wakeup.hpp"

namespace {

bool is_readable(int fd) {
  pollfd polled{fd, POLLIN, 0};
  return poll(&polled, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a wakeup is readable from notify() until clear()") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    aiorcl::Wakeup wakeup(portable);
    CHECK_FALSE(is_readable(wakeup.fd()));
    wakeup.notify();
    CHECK(is_readable(wakeup.fd()));
    wakeup.clear();
    CHECK_FALSE(is_readable(wakeup.fd()));
    wakeup.notify();
    CHECK(is_readable(wakeup.fd()));
  }
}

TEST_CASE("any number of notify() takes one clear()") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    aiorcl::Wakeup wakeup(portable);
    // More than a pipe holds: it must not block either.
    for (int n = 0; n < 100'000; ++n) wakeup.notify();
    wakeup.clear();
    CHECK_FALSE(is_readable(wakeup.fd()));
  }
}

TEST_CASE("threads that notify at once leave a wakeup readable") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    aiorcl::Wakeup wakeup(portable);
    std::array<std::thread, 4> threads;
    for (std::thread & thread : threads) {
      thread = std::thread([&wakeup] {
        for (int n = 0; n < 1000; ++n) wakeup.notify();
      });
    }
    for (std::thread & thread : threads) thread.join();
    CHECK(is_readable(wakeup.fd()));
  }
}
