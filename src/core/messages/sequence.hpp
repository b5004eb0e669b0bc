// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What every rosidl_runtime_c__*__Sequence looks like.
#pragma once

#include <cstddef>

namespace aiorcl {

/// `capacity` items are allocated and initialised; the first `size` of them are the values.
struct Sequence {
  void * data;
  std::size_t size;
  std::size_t capacity;
};

}  // namespace aiorcl
