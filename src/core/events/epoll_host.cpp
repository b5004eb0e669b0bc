// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The wait of an executor that shares a thread with an event loop.
#include "events/epoll_host.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#endif

namespace aiorcl {

#ifdef __linux__

namespace {

/// As epoll_wait(), but to the nanosecond. Kernels before 5.11 can do it to the millisecond only:
/// that is rounded up, as asyncio's own selector does, or a timer a moment away would spin.
int wait_ns(int epoll_fd, epoll_event * events, int size, std::int64_t timeout_ns) {
#ifdef SYS_epoll_pwait2
  static std::atomic<bool> supported{true};
  if (timeout_ns > 0 && supported.load(std::memory_order_relaxed)) {
    // By its number: the C library has it since glibc 2.35 only.
    const std::int64_t timespec[] = {timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
    const long count =
        ::syscall(SYS_epoll_pwait2, epoll_fd, events, size, timespec, nullptr, std::size_t{0});
    if (count >= 0 || errno == EINTR) return static_cast<int>(count);
    supported.store(false, std::memory_order_relaxed);
  }
#endif
  const std::int64_t ms = std::min<std::int64_t>((timeout_ns + 999'999) / 1'000'000, INT_MAX);
  return ::epoll_wait(epoll_fd, events, size, timeout_ns < 0 ? -1 : static_cast<int>(ms));
}

}  // namespace

EpollHost::EpollHost(int wakeup_fd, TimerQueue & timers, int loop_fd)
    : timers_(timers),
      loop_fd_(loop_fd),
      wakeup_fd_(wakeup_fd),
      epoll_(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1") {
  std::vector<int> fds = timers.fds();
  fds.push_back(wakeup_fd);
  fds.push_back(loop_fd);
  for (int fd : fds) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
  }
}

bool EpollHost::wait(std::int64_t timeout_ns) {
  count_ = 0;
  const int count =
      wait_ns(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout_ns);
  if (count < 0) {
    if (errno == EINTR) return false;
    throw std::system_error(errno, std::generic_category(), "epoll_wait");
  }
  count_ = static_cast<std::size_t>(count);
  return true;
}

bool EpollHost::only_own() {
  bool only_own = true;
  for (std::size_t i = 0; i < count_; ++i) {
    const int fd = events_[i].data.fd;
    if (fd == loop_fd_) {
      only_own = false;
    } else if (fd != wakeup_fd_) {
      timers_.on_readable(fd);
    }
  }
  return only_own;
}

#else

EpollHost::EpollHost(int wakeup_fd, TimerQueue & timers, int loop_fd)
    : timers_(timers), loop_fd_(loop_fd), wakeup_fd_(wakeup_fd) {
  throw std::runtime_error("Only Linux has epoll");
}

bool EpollHost::wait(std::int64_t) {
  return true;
}

bool EpollHost::only_own() {
  return wakeup_fd_ != loop_fd_ && count_ == 0;
}

#endif

}  // namespace aiorcl
