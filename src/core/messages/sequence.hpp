// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What every rosidl_runtime_c__*__Sequence begins with, and what those of numbers may hold instead.
#pragma once

#include <rosidl_runtime_c/primitives_sequence.h>
#include <rosidl_runtime_c/string.h>
#include <rosidl_runtime_c/u16string.h>

#include <cstddef>
#include <type_traits>

namespace aiorcl {

/// `capacity` items are allocated and initialised; the first `size` of them are the values.
struct Sequence {
  void * data;
  std::size_t size;
  std::size_t capacity;
};

template <typename S>
constexpr bool begins_as_sequence =
    offsetof(S, data) == offsetof(Sequence, data) &&
    offsetof(S, size) == offsetof(Sequence, size) &&
    offsetof(S, capacity) == offsetof(Sequence, capacity) &&
    sizeof(S::size) == sizeof(Sequence::size) && sizeof(S::capacity) == sizeof(Sequence::capacity);
static_assert(begins_as_sequence<rosidl_runtime_c__boolean__Sequence>);
static_assert(begins_as_sequence<rosidl_runtime_c__uint8__Sequence>);
static_assert(begins_as_sequence<rosidl_runtime_c__double__Sequence>);
static_assert(begins_as_sequence<rosidl_runtime_c__String__Sequence>);
static_assert(begins_as_sequence<rosidl_runtime_c__U16String__Sequence>);

/// Since Lyrical (rosidl 5.2) a sequence of bytes may hold a rosidl::Buffer, wherever its bytes
/// are: then `data` points to that, and rclpy's functions convert the message.
template <typename S, typename = void>
struct BufferOf {
  static constexpr bool kMayBe = false;
  static bool is(const void *) noexcept { return false; }
};
template <typename S>
struct BufferOf<S, std::void_t<decltype(S::is_rosidl_buffer)>> {
  static constexpr bool kMayBe = true;
  static bool is(const void * sequence) noexcept {
    return static_cast<const S *>(sequence)->is_rosidl_buffer;
  }
};
using ByteBuffer = BufferOf<rosidl_runtime_c__uint8__Sequence>;

}  // namespace aiorcl
