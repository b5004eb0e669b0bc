// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The histogram: what its percentiles promise, at every size of values.

#include <doctest/doctest.h>

#include <cstdint>

#include "dispatch/histogram.hpp"

using aiorcl::Histogram;

TEST_CASE("an empty histogram says 0") {
  const Histogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.total() == 0);
  CHECK(histogram.max() == 0);
  CHECK(histogram.percentile(50) == 0);
}

TEST_CASE("a single value is every percentile, exactly") {
  for (std::int64_t value : {0L, 1L, 7L, 8L, 999L, 1'000'000L, 123'456'789'012L}) {
    Histogram histogram;
    histogram.add(value);
    CHECK(histogram.count() == 1);
    CHECK(histogram.total() == value);
    CHECK(histogram.max() == value);
    for (double percent : {0.0, 50.0, 100.0}) CHECK(histogram.percentile(percent) == value);
  }
}

TEST_CASE("a percentile is never too low, and at most an eighth too high") {
  for (std::int64_t value = 1; value < std::int64_t{1} << 40; value += value / 7 + 1) {
    Histogram histogram;
    for (int n = 0; n < 3; ++n) histogram.add(value);
    histogram.add(std::int64_t{1} << 40);
    const std::int64_t median = histogram.percentile(50);
    CHECK(median >= value);
    CHECK(median <= value + value / 8);
  }
}

TEST_CASE("percentiles of a hundred values are those of their ranks") {
  Histogram histogram;
  for (std::int64_t n = 100; n >= 1; --n) histogram.add(n * 1'000'000);
  CHECK(histogram.total() == 5050 * 1'000'000L);
  for (std::int64_t percent : {1, 10, 50, 90, 99}) {
    const std::int64_t exact = percent * 1'000'000;
    CHECK(histogram.percentile(static_cast<double>(percent)) >= exact);
    CHECK(histogram.percentile(static_cast<double>(percent)) <= exact + exact / 8);
  }
  CHECK(histogram.percentile(100) == 100'000'000);
}

TEST_CASE("what is out of range counts at its ends") {
  Histogram histogram;
  histogram.add(-5);
  CHECK(histogram.max() == 0);
  CHECK(histogram.percentile(50) == 0);
  histogram.add(INT64_MAX / 2);
  CHECK(histogram.percentile(100) == INT64_MAX / 2);
  CHECK(histogram.percentile(200) == INT64_MAX / 2);
  CHECK(histogram.percentile(-1) == 0);
}
