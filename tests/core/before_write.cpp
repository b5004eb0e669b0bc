// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Steps in where a thread is about to write to a wakeup fd.
#include "before_write.hpp"

#include <sys/types.h>

#include <cstddef>
#include <utility>

namespace {

thread_local std::function<void()> interrupt_of_thread;

}  // namespace

BeforeWrite::BeforeWrite(std::function<void()> interrupt) {
  interrupt_of_thread = std::move(interrupt);
}

BeforeWrite::~BeforeWrite() {
  interrupt_of_thread = nullptr;
}

// The linker's option --wrap=write puts this between the program (not the libraries) and libc.
extern "C" {
ssize_t __real_write(int fd, const void * data, std::size_t size);

ssize_t __wrap_write(int fd, const void * data, std::size_t size) {
  if (const auto interrupt = std::exchange(interrupt_of_thread, nullptr)) interrupt();
  return __real_write(fd, data, size);
}
}
