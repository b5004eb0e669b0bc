// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// An fd that an event loop polls.
#include "events/wakeup.hpp"

#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace aiorcl {

Wakeup::Wakeup([[maybe_unused]] bool portable) {
#ifdef __linux__
  if (!portable) {
    read_ = Fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
    return;
  }
#endif
  int ends[2] = {-1, -1};
  if (::pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  read_ = Fd(ends[0], "pipe");
  write_ = Fd(ends[1], "pipe");
  for (int end : ends) {
    ::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) | O_NONBLOCK);
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
  }
}

void Wakeup::close() noexcept {
  signalled_.store(true, std::memory_order_release);  // a late notify() writes nothing
  read_.close();
  write_.close();
}

void Wakeup::notify() noexcept {
  if (signalled_.exchange(true, std::memory_order_acq_rel) || !process_.is_this()) return;
  const std::uint64_t one = 1;
  // A full pipe is readable already; nothing else can fail on an fd of our own.
  [[maybe_unused]] auto written = ::write(write_ ? write_.get() : read_.get(), &one, sizeof one);
}

void Wakeup::clear() noexcept {
  if (!signalled_.load(std::memory_order_acquire) || !read_ || !process_.is_this()) return;
  // One read empties the pipe too: the flag admits one write until it is cleared. Nothing there:
  // the notify() that set the flag is about to write. The flag stays, or nobody would read what it
  // writes, and the fd would keep the loop awake.
  std::uint64_t written;
  if (::read(read_.get(), &written, sizeof written) <= 0) return;
  // A notify() just before this line finds the flag set and writes nothing: whoever clears looks at
  // what it waits for once more afterwards, as ReadyQueue::sleep() does, and sees it thanks to the
  // exchange.
  signalled_.exchange(false, std::memory_order_acq_rel);
}

}  // namespace aiorcl
