// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// File descriptors: given back by their owners, also where the process may open no more.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "events/epoll_host.hpp"
#include "events/fd.hpp"
#include "events/timers.hpp"
#include "events/wakeup.hpp"

using aiorcl::EpollHost;
using aiorcl::Fd;
using aiorcl::TimerQueue;
using aiorcl::Wakeup;

namespace {

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) != -1;
}

/// The number that the next fd has.
int next_fd() {
  return Fd(open("/dev/null", O_RDONLY | O_CLOEXEC), "open").get();
}

/// While it lives, so many fds can be opened.
class FdsLeft {
 public:
  explicit FdsLeft(int left) {
    getrlimit(RLIMIT_NOFILE, &before_);
    for (int fd = next_fd(); fd < kLimit; fd = next_fd()) {
      used_.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC), "open");
    }
    rlimit limit = before_;
    limit.rlim_cur = kLimit;
    setrlimit(RLIMIT_NOFILE, &limit);
    while (left-- > 0) used_.pop_back();
  }
  ~FdsLeft() { setrlimit(RLIMIT_NOFILE, &before_); }
  FdsLeft(const FdsLeft &) = delete;
  FdsLeft & operator=(const FdsLeft &) = delete;

 private:
  static constexpr int kLimit = 128;

  rlimit before_{};
  std::vector<Fd> used_;
};

bool is_of_limit(const std::system_error & error) {
  return error.code() == std::errc::too_many_files_open;
}

/// Whether making it throws the error of the limit; then no fd of it is left.
template <typename Make>
bool fails_without_a_leak(Make make) {
  const int before = next_fd();
  try {
    make();
  } catch (const std::system_error & error) {
    CHECK(is_of_limit(error));
    CHECK(next_fd() == before);
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a file descriptor has one owner, and is closed once") {
  Fd first(open("/dev/null", O_RDONLY | O_CLOEXEC), "open");
  const int fd = first.get();
  REQUIRE(fd >= 0);
  Fd second(std::move(first));
  CHECK(second.get() == fd);
  CHECK(is_open(fd));
  second = Fd(open("/dev/null", O_RDONLY | O_CLOEXEC), "open");
  CHECK_FALSE(is_open(fd));
  CHECK(second);
  second.close();
  CHECK_FALSE(second);
  second.close();
  CHECK(second.get() == -1);
}

TEST_CASE("what a system call failed with names the call") {
  errno = EMFILE;
  CHECK_THROWS_WITH_AS(Fd(-1, "eventfd"), doctest::Contains("eventfd"), std::system_error);
}

TEST_CASE("who cannot have its file descriptors says so, and keeps none") {
  // The undefined behaviour sanitizer opens a pipe when it looks at an object for the first time.
  REQUIRE(is_of_limit(std::system_error(EMFILE, std::generic_category())));
  Wakeup loop;
  for (int left : {1, 2, 3, 4}) {
    CAPTURE(left);
    const FdsLeft limit(left);
    CHECK_FALSE(fails_without_a_leak([] { Wakeup wakeup; }));
    CHECK(fails_without_a_leak([] { Wakeup wakeup(true); }) == (left < 2));
    CHECK(fails_without_a_leak([] { TimerQueue timers; }) == (left < 2));
    CHECK(fails_without_a_leak([] {
            Wakeup wakeup;
            TimerQueue timers;
          }) == (left < 3));
    CHECK(fails_without_a_leak([&loop] {
            Wakeup wakeup;
            TimerQueue timers;
            EpollHost host(wakeup.fd(), timers, loop.fd());
          }) == (left < 4));
  }
}

TEST_CASE("a host tells what is its executor's own from what is the loop's") {
  Wakeup wakeup, loop;
  TimerQueue timers;
  EpollHost host(wakeup.fd(), timers, loop.fd());
  CHECK(host.wait(0));
  CHECK(host.only_own());
  wakeup.notify();
  CHECK(host.wait(-1));
  CHECK(host.only_own());
  loop.notify();
  CHECK(host.wait(-1));
  CHECK_FALSE(host.only_own());
}
