// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Publishes the time on many topics, at a steady rate over all of them or as fast as it can.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "options.hpp"
#include "rcl.hpp"

namespace {

volatile std::sig_atomic_t stopped = 0;

void publish(std::size_t topics, std::int64_t rate) {
  benchmarks::Node node("publisher");
  std::vector<std::unique_ptr<benchmarks::Publisher>> publishers;
  for (std::size_t number = 0; number < topics; ++number) {
    const std::string topic = "topic_" + std::to_string(number);
    publishers.push_back(std::make_unique<benchmarks::Publisher>(node, topic));
  }
  for (const auto & publisher : publishers) {
    while (!publisher->matched() && !stopped) usleep(10'000);
  }
  std_msgs__msg__Int64 message{};
  const std::int64_t period_ns = rate > 0 ? 1'000'000'000 / rate : 0;
  std::int64_t due_ns = benchmarks::now_ns();
  for (std::size_t turn = 0; !stopped; ++turn) {
    if (period_ns > 0) {
      due_ns += period_ns;
      const timespec due{due_ns / 1'000'000'000, due_ns % 1'000'000'000};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
    }
    message.data = benchmarks::now_ns();
    publishers[turn % topics]->publish(message);
  }
}

}  // namespace

int main(int argc, char ** argv) {
  try {
    const benchmarks::Options options(argc, argv, 1);
    benchmarks::die_with_parent(options.integer("parent"));
    std::signal(SIGTERM, [](int) { stopped = 1; });
    publish(static_cast<std::size_t>(options.integer("topics")), options.integer("rate"));
  } catch (const std::exception & error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
