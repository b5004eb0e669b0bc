// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Events of real rcl entities: counted, and their entry made ready, from construction to close().

#include <doctest/doctest.h>
#include <rcl/error_handling.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

#include "event_loop.hpp"
#include "events/watch.hpp"
#include "flood.hpp"
#include "rcl_entities.hpp"
#include "rcl_error.hpp"

using aiorcl::Claim;
using aiorcl::RclError;
using aiorcl::ReadyQueue;
using aiorcl::Source;
using aiorcl::Watch;
using event_loop::Entry;
using event_loop::front;
using event_loop::handle_all;
using event_loop::is_readable;
using event_loop::run_while;

namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;

struct Fixture {
  rcl::Context context;
  rcl::Node node{context};
  ReadyQueue queue;
  Entry entry{queue};

  ~Fixture() { handle_all(queue); }
};

/// Contexts that are made meanwhile publish on a thread of the middleware.
class AsynchronousPublishing {
 public:
  AsynchronousPublishing() { setenv("RMW_FASTRTPS_PUBLICATION_MODE", "ASYNCHRONOUS", 1); }
  ~AsynchronousPublishing() { unsetenv("RMW_FASTRTPS_PUBLICATION_MODE"); }
};

Flood messages_of(rcl::Publisher & publisher) {
  return Flood([&publisher, value = std::int64_t{0}]() mutable { publisher.publish(value++); });
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a message makes its subscription ready, and is counted") {
  rcl::Publisher publisher(node, "topic");
  rcl::Subscription subscription(node, "topic");
  Watch watch(Source::kSubscription, subscription.get(), *entry);
  CHECK(watch.count() == 0);
  CHECK_FALSE(queue.has_ready());
  for (int n = 1; n <= 3; ++n) {
    publisher.publish(n);
    CHECK(watch.count() == n);
  }
  CHECK(front(queue) == entry.get());
  CHECK(handle_all(queue) == 3);
  CHECK(front(queue) == nullptr);
  for (int n = 1; n <= 3; ++n) CHECK(subscription.take() == n);
}

TEST_CASE_FIXTURE(Fixture, "a request makes its service ready, and the response the client") {
  rcl::Service service(node, "service");
  rcl::Client client(node, "service");
  Entry of_client(queue);
  Watch requests(Source::kService, service.get(), *entry);
  Watch responses(Source::kClient, client.get(), *of_client);
  client.call();
  CHECK(requests.count() == 1);
  CHECK(responses.count() == 0);
  CHECK(front(queue) == entry.get());
  CHECK(handle_all(queue) == 1);
  REQUIRE(service.answer());
  CHECK(responses.count() == 1);
  CHECK(front(queue) == of_client.get());
  CHECK(handle_all(queue) == 1);
  CHECK(client.take());
  CHECK(requests.count() == 1);
}

TEST_CASE_FIXTURE(Fixture, "an event of a subscription makes its entry ready") {
  rcl::Subscription subscription(node, "topic");
  rcl::MatchedEvent event(subscription);
  Watch watch(Source::kEvent, event.get(), *entry);
  {
    rcl::Publisher publisher(node, "topic");
    CHECK(watch.count() == 1);
    CHECK(front(queue) == entry.get());
    handle_all(queue);
    CHECK(event.take() == 1);
  }
  CHECK(watch.count() == 2);
  CHECK(front(queue) == entry.get());
  handle_all(queue);
  CHECK(event.take() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a reset makes a timer ready, on the thread that resets it") {
  rcl::Clock clock(RCL_STEADY_TIME);
  rcl::Timer timer(context, clock, kHour);
  Watch watch(Source::kTimerReset, timer.get(), *entry);
  CHECK_FALSE(queue.has_ready());
  std::thread([&timer] { timer.reset(); }).join();
  CHECK(watch.count() == 1);
  CHECK(front(queue) == entry.get());
  handle_all(queue);
}

TEST_CASE_FIXTURE(Fixture, "a watch is renewed when the middleware has forgotten it, until close") {
  rcl::Publisher publisher(node, "topic");
  rcl::Subscription subscription(node, "topic");
  Watch watch(Source::kSubscription, subscription.get(), *entry);
  const auto forget = [&subscription] {
    return rcl_subscription_set_on_new_message_callback(subscription.get(), nullptr, nullptr);
  };
  REQUIRE(forget() == RCL_RET_OK);
  publisher.publish(1);
  CHECK(watch.count() == 0);
  watch.renew();
  CHECK(watch.count() == 1);
  publisher.publish(2);
  CHECK(watch.count() == 2);
  CHECK(handle_all(queue) == 2);
  watch.close();
  watch.renew();
  publisher.publish(3);
  CHECK(watch.count() == 2);
}

TEST_CASE_FIXTURE(Fixture, "what came before is counted inside the constructor") {
  rcl::Publisher publisher(node, "topic");
  rcl::Subscription subscription(node, "topic");
  rcl::MatchedEvent event(subscription);
  rcl::Publisher second(node, "topic");
  rcl::Service service(node, "service");
  rcl::Client client(node, "service");
  rcl::Clock clock(RCL_STEADY_TIME);
  rcl::Timer timer(context, clock, kHour);
  for (int n = 0; n < 3; ++n) publisher.publish(n);
  client.call();
  REQUIRE(service.answer());
  client.call();
  for (int n = 0; n < 4; ++n) timer.reset();
  struct Case {
    Source source;
    const void * entity;
    std::uint64_t backlog;
  };
  // The middleware also counts the publisher that was there before the event was.
  const Case cases[] = {{Source::kSubscription, subscription.get(), 3},
                        {Source::kService, service.get(), 1},
                        {Source::kClient, client.get(), 1},
                        {Source::kEvent, event.get(), 2},
                        {Source::kTimerReset, timer.get(), 4}};
  for (const Case & each : cases) {
    CAPTURE(static_cast<int>(each.source));
    Watch watch(each.source, each.entity, *entry);
    CHECK(watch.count() == each.backlog);
    CHECK(front(queue) == entry.get());
    CHECK(handle_all(queue) == each.backlog);
  }
}

TEST_CASE_FIXTURE(Fixture, "a watch counts also what KEEP_LAST drops") {
  rcl::Publisher publisher(node, "topic");
  rcl::Subscription subscription(node, "topic", 2);
  Watch watch(Source::kSubscription, subscription.get(), *entry);
  for (int n = 0; n < 5; ++n) publisher.publish(n);
  CHECK(watch.count() == 5);
  CHECK(subscription.take() == 3);
  CHECK(subscription.take() == 4);
  CHECK(subscription.take() == std::nullopt);
}

TEST_CASE_FIXTURE(Fixture, "the backlog is what KEEP_LAST has left of it") {
  rcl::Publisher publisher(node, "topic");
  rcl::Subscription subscription(node, "topic", 2);
  for (int n = 0; n < 5; ++n) publisher.publish(n);
  Watch watch(Source::kSubscription, subscription.get(), *entry);
  CHECK(watch.count() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a watch that is closed counts no more, and leaves what was ready") {
  rcl::Publisher publisher(node, "topic");
  rcl::Subscription subscription(node, "topic");
  Watch watch(Source::kSubscription, subscription.get(), *entry);
  publisher.publish(1);
  watch.close();
  watch.close();
  publisher.publish(2);
  CHECK(watch.count() == 1);
  CHECK(handle_all(queue) == 1);
  Watch next(Source::kSubscription, subscription.get(), *entry);
  publisher.publish(3);
  CHECK(watch.count() == 1);
  CHECK(next.count() >= 2);  // the second message came while nobody watched
}

TEST_CASE_FIXTURE(Fixture, "what cannot be watched raises, and leaves no error state") {
  rcl_subscription_t subscription = rcl_get_zero_initialized_subscription();
  CHECK_THROWS_AS(Watch(Source::kSubscription, &subscription, *entry), RclError);
  CHECK_FALSE(rcl_error_is_set());
  CHECK_FALSE(queue.has_ready());
}

TEST_CASE_FIXTURE(Fixture, "several watches of one entry list it once") {
  rcl::Subscription subscription(node, "topic");
  rcl::MatchedEvent event(subscription);
  rcl::Clock clock(RCL_STEADY_TIME);
  rcl::Timer timer(context, clock, kHour);
  Watch messages(Source::kSubscription, subscription.get(), *entry);
  Watch events(Source::kEvent, event.get(), *entry);
  Watch resets(Source::kTimerReset, timer.get(), *entry);
  rcl::Publisher publisher(node, "topic");
  publisher.publish(1);
  timer.reset();
  CHECK(messages.count() + events.count() + resets.count() == 3);
  CHECK(front(queue) == entry.get());
  CHECK(handle_all(queue) == 3);
}

TEST_CASE("no message is lost between threads that publish and a loop that sleeps") {
  constexpr std::int64_t kThreads = 3;
  constexpr std::int64_t kMessages = 1000;
  for (bool asynchronous : {false, true}) {
    CAPTURE(asynchronous);
    std::optional<AsynchronousPublishing> mode;
    if (asynchronous) mode.emplace();
    Fixture fixture;
    // Both ends keep whatever the other has not had time for.
    rcl::Publisher publisher(fixture.node, "topic", kThreads * kMessages);
    rcl::Subscription subscription(fixture.node, "topic", kThreads * kMessages);
    Watch watch(Source::kSubscription, subscription.get(), *fixture.entry);
    std::vector<std::thread> threads;
    for (std::int64_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&publisher, thread] {
        for (std::int64_t n = 0; n < kMessages; ++n) publisher.publish(thread * kMessages + n);
      });
    }
    std::vector<std::int64_t> next(kThreads, 0);
    std::int64_t taken = 0;
    bool in_order = true;
    const bool woken = run_while(fixture.queue, [&](Claim & claim) {
      // An event may stand for no message, so each take is paid for by one event, as dispatched.
      if (const std::optional<std::int64_t> value = subscription.take()) {
        in_order = in_order && next[*value / kMessages]++ == *value % kMessages;
        ++taken;
      }
      claim.settle(1);
      return taken < kThreads * kMessages;
    });
    for (std::thread & thread : threads) thread.join();
    CHECK(woken);
    CHECK(in_order);
    CHECK(taken == kThreads * kMessages);
    watch.close();
    CHECK(watch.count() >= static_cast<std::uint64_t>(taken));
  }
}

TEST_CASE("watches come and go while another thread publishes") {
  for (bool asynchronous : {false, true}) {
    CAPTURE(asynchronous);
    std::optional<AsynchronousPublishing> mode;
    if (asynchronous) mode.emplace();
    rcl::Context context;
    rcl::Node node(context);
    rcl::Publisher publisher(node, "topic");
    rcl::Subscription subscription(node, "topic", 1);
    ReadyQueue queue;
    Flood flood = messages_of(publisher);
    for (int round = 0; round < 150; ++round) {
      Entry entry(queue);
      Watch watch(Source::kSubscription, subscription.get(), *entry);
      const bool woken = run_while(queue, [&](Claim & claim) {
        subscription.take();
        handle_all(claim);
        return watch.count() < 3;
      });
      REQUIRE(woken);
      // The watch is closed, then the entry released: perhaps while it is listed.
    }
    handle_all(queue);
    CHECK_FALSE(queue.has_ready());
  }
}

TEST_CASE("entities come and go while another thread publishes to them") {
  for (bool asynchronous : {false, true}) {
    CAPTURE(asynchronous);
    std::optional<AsynchronousPublishing> mode;
    if (asynchronous) mode.emplace();
    rcl::Context context;
    rcl::Node node(context);
    rcl::Publisher publisher(node, "topic");
    ReadyQueue queue;
    Flood flood = messages_of(publisher);
    for (int round = 0; round < 20; ++round) {
      Entry entry(queue);
      rcl::Subscription subscription(node, "topic", 1);
      rcl::MatchedEvent event(subscription);
      Watch messages(Source::kSubscription, subscription.get(), *entry);
      Watch events(Source::kEvent, event.get(), *entry);
      const bool woken = run_while(queue, [&](Claim & claim) {
        handle_all(claim);
        return messages.count() == 0;
      });
      REQUIRE(woken);
    }
    handle_all(queue);
    CHECK_FALSE(queue.has_ready());
  }
}
