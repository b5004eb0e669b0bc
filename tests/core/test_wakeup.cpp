// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The fd that an event loop polls: readable from notify() until clear(), from any thread.

#include <doctest/doctest.h>
#include <fcntl.h>

#include <array>
#include <thread>

#include "before_write.hpp"
#include "event_loop.hpp"
#include "events/wakeup.hpp"

using aiorcl::Wakeup;
using event_loop::is_readable;

TEST_CASE("a wakeup is readable from notify() until clear()") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    Wakeup wakeup(portable);
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
    Wakeup wakeup(portable);
    // More than a pipe holds: it must not block either.
    for (int n = 0; n < 100'000; ++n) wakeup.notify();
    wakeup.clear();
    CHECK_FALSE(is_readable(wakeup.fd()));
  }
}

TEST_CASE("threads that notify at once leave a wakeup readable") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    Wakeup wakeup(portable);
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

TEST_CASE("a notify() that is under way during a clear() is taken back by the next one") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    Wakeup wakeup(portable);
    {
      BeforeWrite cleared([&wakeup] { wakeup.clear(); });
      wakeup.notify();
    }
    CHECK(is_readable(wakeup.fd()));
    wakeup.clear();
    CHECK_FALSE(is_readable(wakeup.fd()));
    wakeup.notify();
    CHECK(is_readable(wakeup.fd()));
  }
}

TEST_CASE("the fd of a wakeup never blocks, and no other program inherits it") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    Wakeup wakeup(portable);
    CHECK((fcntl(wakeup.fd(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((fcntl(wakeup.fd(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("a wakeup gives its fds back when it is closed, or else at its end") {
  for (bool portable : {false, true}) {
    for (bool close : {false, true}) {
      CAPTURE(portable);
      CAPTURE(close);
      Wakeup kept(portable);
      int fd = -1;
      for (int n = 0; n < 3; ++n) {
        Wakeup wakeup(portable);
        // The lowest free number is given out first, so nothing is left of the one before.
        if (n > 0) CHECK(wakeup.fd() == fd);
        fd = wakeup.fd();
        if (!close) continue;
        wakeup.close();
        CHECK(wakeup.fd() == -1);
        CHECK(fcntl(fd, F_GETFD) == -1);
        wakeup.close();
      }
    }
  }
}

TEST_CASE("a wakeup that is closed touches no fd that was opened after it") {
  for (bool portable : {false, true}) {
    CAPTURE(portable);
    Wakeup closed(portable);
    closed.close();
    Wakeup next(portable);
    bool wrote = false;
    {
      BeforeWrite late([&wrote] { wrote = true; });
      closed.notify();
    }
    CHECK_FALSE(wrote);
    next.notify();
    closed.clear();
    CHECK(is_readable(next.fd()));
  }
}
