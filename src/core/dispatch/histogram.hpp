// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A histogram of durations, of fixed size: percentiles at most an eighth too high, for ever.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace aiorcl {

/// Log-linear: eight buckets for each power of two of nanoseconds, up to 2^40 ns (18 minutes);
/// longer ones share the last bucket. To add a value costs a few instructions. One thread.
class Histogram {
 public:
  static constexpr std::size_t kSteps = 8;  // buckets in each power of two
  static constexpr std::size_t kBuckets = 39 * kSteps;

  /// Below zero counts as zero.
  void add(std::int64_t nanoseconds) noexcept;

  std::uint64_t count() const noexcept { return count_; }

  /// The sum of all values, and the greatest one, exactly; 0 without values.
  std::int64_t total() const noexcept { return total_; }
  std::int64_t max() const noexcept { return max_; }

  /// The value that `percent` of the values (0 to 100) do not exceed, or up to an eighth more, but
  /// no more than max(); 0 without values.
  std::int64_t percentile(double percent) const noexcept;

 private:
  static std::size_t bucket_of(std::uint64_t value) noexcept;
  static std::int64_t greatest_in(std::size_t bucket) noexcept;

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::int64_t total_ = 0;
  std::int64_t max_ = 0;
};

}  // namespace aiorcl
