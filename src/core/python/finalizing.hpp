// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Threads that want the GIL when the interpreter is gone.
#pragma once

#include <Python.h>
#include <cxxabi.h>
#include <unistd.h>

#include <cstddef>

namespace aiorcl {

/// CPython before 3.14 ends a daemon thread that wants the GIL back while the interpreter goes
/// down: pthread_exit unwinds its stack, C++ frames included, which then let go of Python objects
/// without the GIL, or abort the process where nothing may pass. So the innermost frame of ours
/// stops the unwinding, and the thread with it: as CPython does itself since 3.14. Around whatever
/// may hand the GIL to another thread.
template <typename Function>
auto or_hang(Function function) {
#ifdef __GLIBCXX__
  try {
    return function();
  } catch (abi::__forced_unwind &) {
    for (;;) ::pause();
  }
#else
  return function();
#endif
}

/// The GIL is not held for as long as it lives.
class WithoutGil {
 public:
  WithoutGil() noexcept : state_(PyEval_SaveThread()) {}
  ~WithoutGil() {
    or_hang([this] { PyEval_RestoreThread(state_); });
  }
  WithoutGil(const WithoutGil &) = delete;
  WithoutGil & operator=(const WithoutGil &) = delete;

 private:
  PyThreadState * state_;
};

}  // namespace aiorcl
