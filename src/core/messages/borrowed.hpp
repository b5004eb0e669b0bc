// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Sequences of a ROS struct that for a while lie in the memory of Python objects.
#pragma once

#include <Python.h>

#include <cstddef>
#include <vector>

#include "messages/sequence.hpp"

namespace aiorcl {

/// Saves the copy of large data on the way out: the struct points into the buffer of the Python
/// object, which stays exported, and so in its place, until give_back(). GIL held in all of these.
class Borrowed {
 public:
  Borrowed() = default;
  ~Borrowed() { give_back(); }
  Borrowed(const Borrowed &) = delete;
  Borrowed & operator=(const Borrowed &) = delete;

  /// Lets `sequence` be the `size` items of `view`, and takes the view over.
  void borrow(Sequence & sequence, const Py_buffer & view, std::size_t size) {
    loans_.push_back({&sequence, sequence, view});
    sequence = {view.buf, size, size};
  }

  /// Lets each sequence have its own memory again. Before the struct is used for anything else.
  void give_back() noexcept {
    for (Loan & loan : loans_) {
      *loan.sequence = loan.own;
      PyBuffer_Release(&loan.view);
    }
    loans_.clear();
  }

 private:
  struct Loan {
    Sequence * sequence;
    Sequence own;
    Py_buffer view;
  };

  std::vector<Loan> loans_;
};

}  // namespace aiorcl
