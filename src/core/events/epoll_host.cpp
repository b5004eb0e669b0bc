// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The wait of an executor that shares a thread with an event loop.
#include "events/epoll_host.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace aiorcl {

#ifdef __linux__

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

bool EpollHost::wait(int timeout_ms) {
  count_ = 0;
  const int count =
      ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout_ms);
  if (count < 0) {
    if (errno == EINTR) return false;
    throw std::system_error(errno, std::generic_category(), "epoll_wait");
  }
  count_ = static_cast<std::size_t>(count);
  return true;
}

bool EpollHost::only_own() {
  bool only_own = true;
  bool timers = false;
  for (std::size_t i = 0; i < count_; ++i) {
    const int fd = events_[i].data.fd;
    if (fd == loop_fd_) {
      only_own = false;
    } else if (fd != wakeup_fd_) {
      timers = true;
    }
  }
  if (timers) timers_.on_readable();
  return only_own;
}

#else

EpollHost::EpollHost(int wakeup_fd, TimerQueue & timers, int loop_fd)
    : timers_(timers), loop_fd_(loop_fd), wakeup_fd_(wakeup_fd) {
  throw std::runtime_error("Only Linux has epoll");
}

bool EpollHost::wait(int) {
  return true;
}

bool EpollHost::only_own() {
  return wakeup_fd_ != loop_fd_ && count_ == 0;
}

#endif

}  // namespace aiorcl
