// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A histogram of durations, of fixed size: percentiles at most an eighth too high, for ever.
#include "dispatch/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace aiorcl {

namespace {

constexpr unsigned kStepBits = 3;
static_assert(Histogram::kSteps == 1U << kStepBits);

}  // namespace

// A value below 8 has a bucket to itself. Of any other its highest bit names the power of two, and
// the three bits below that the step in it.
std::size_t Histogram::bucket_of(std::uint64_t value) noexcept {
  if (value < kSteps) return static_cast<std::size_t>(value);
  const unsigned highest = 63U - static_cast<unsigned>(__builtin_clzll(value));
  const unsigned shift = highest - kStepBits;
  const std::size_t bucket = (shift + 1) * kSteps + ((value >> shift) & (kSteps - 1));
  return std::min(bucket, kBuckets - 1);
}

std::int64_t Histogram::greatest_in(std::size_t bucket) noexcept {
  if (bucket < kSteps) return static_cast<std::int64_t>(bucket);
  const std::size_t shift = bucket / kSteps - 1;
  return static_cast<std::int64_t>(((kSteps + bucket % kSteps + 1) << shift) - 1);
}

void Histogram::add(std::int64_t nanoseconds) noexcept {
  const std::int64_t value = std::max<std::int64_t>(nanoseconds, 0);
  ++buckets_[bucket_of(static_cast<std::uint64_t>(value))];
  ++count_;
  total_ += value;
  max_ = std::max(max_, value);
}

std::int64_t Histogram::percentile(double percent) const noexcept {
  const double share = std::clamp(percent, 0.0, 100.0) / 100.0;
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t below = 0;
  for (std::size_t bucket = 0; bucket < kBuckets - 1; ++bucket) {
    below += buckets_[bucket];
    if (below >= std::max<std::uint64_t>(rank, 1)) return std::min(greatest_in(bucket), max_);
  }
  return max_;
}

}  // namespace aiorcl
