// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Owns a file descriptor.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace aiorcl {

/// A file descriptor that is closed with its owner, or none.
class Fd {
 public:
  Fd() noexcept = default;

  /// Takes over what a system call returned; throws std::system_error, which names the call, if
  /// that is an error.
  Fd(int fd, const char * call) : fd_(fd) {
    if (fd < 0) throw std::system_error(errno, std::generic_category(), call);
  }
  Fd(Fd && other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd & operator=(Fd && other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { close(); }

  explicit operator bool() const noexcept { return fd_ >= 0; }

  /// -1 for none.
  int get() const noexcept { return fd_; }

  /// Idempotent.
  void close() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

}  // namespace aiorcl
