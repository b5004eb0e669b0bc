// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Loops over rcl alone, on entities that Python made: the floor, and the traffic from outside.

#include <rcl/error_handling.h>
#include <rcl/rcl.h>
#include <std_msgs/msg/int64.h>
#include <std_srvs/srv/empty.h>
#include <time.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

volatile std::sig_atomic_t terminated = 0;

/// The time of a clock that every process of the machine shares.
std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

/// The stamp of a header; std_msgs/Header begins with it, in C and in CDR.
std::int64_t stamp_ns(const void * header) {
  std::int32_t sec;
  std::uint32_t nanosec;
  std::memcpy(&sec, header, sizeof sec);
  std::memcpy(&nanosec, static_cast<const char *>(header) + sizeof sec, sizeof nanosec);
  return sec * 1'000'000'000LL + nanosec;
}

void stamp(void * header, std::int64_t ns) {
  const auto sec = static_cast<std::int32_t>(ns / 1'000'000'000);
  const auto nanosec = static_cast<std::uint32_t>(ns % 1'000'000'000);
  std::memcpy(header, &sec, sizeof sec);
  std::memcpy(static_cast<char *>(header) + sizeof sec, &nanosec, sizeof nanosec);
}

/// Tell whether a call did its work; what went wrong is printed.
bool done(rcl_ret_t ret) {
  if (ret == RCL_RET_OK) return true;
  std::fprintf(stderr, "%s\n", rcl_get_error_string().str);
  rcl_reset_error();
  return false;
}

/// Tell whether a take brought something; that there was nothing is no error.
bool took(rcl_ret_t ret) {
  if (ret != RCL_RET_OK) rcl_reset_error();
  return ret == RCL_RET_OK;
}

}  // namespace

extern "C" {

/// Samples that another thread counts while they are written, and its wish that the loop ends.
struct Log {
  std::int64_t * samples;
  std::int64_t capacity;
  std::int64_t count;
  std::int32_t stop;
};

/// What a wait set watches; the guard condition is triggered when the loop is to end.
struct Entities {
  rcl_context_t * context;
  rcl_guard_condition_t * guard;
  rcl_subscription_t ** subscriptions;
  rcl_timer_t ** timers;
  rcl_service_t * service;
  rcl_client_t * client;
  std::size_t subscription_count;
  std::size_t timer_count;
  void * stamped;  // what messages are taken into that begin with a header; or of type Int64
};

}  // extern "C"

namespace {

void note(Log & log, std::int64_t sample) {
  if (log.count == log.capacity) return;
  log.samples[log.count] = sample;
  __atomic_store_n(&log.count, log.count + 1, __ATOMIC_RELEASE);
}

bool stopped(const Log & log) {
  return __atomic_load_n(&log.stop, __ATOMIC_ACQUIRE) != 0;
}

bool fill(rcl_wait_set_t & set, const Entities & entities) {
  bool ok = done(rcl_wait_set_clear(&set));
  ok = ok && done(rcl_wait_set_add_guard_condition(&set, entities.guard, nullptr));
  for (std::size_t i = 0; ok && i < entities.subscription_count; ++i) {
    ok = done(rcl_wait_set_add_subscription(&set, entities.subscriptions[i], nullptr));
  }
  for (std::size_t i = 0; ok && i < entities.timer_count; ++i) {
    ok = done(rcl_wait_set_add_timer(&set, entities.timers[i], nullptr));
  }
  if (ok && entities.service) {
    ok = done(rcl_wait_set_add_service(&set, entities.service, nullptr));
    ok = ok && done(rcl_wait_set_add_client(&set, entities.client, nullptr));
  }
  return ok;
}

void take_messages(const rcl_wait_set_t & set, const Entities & entities, Log & log) {
  std_msgs__msg__Int64 number{};
  void * message = entities.stamped ? entities.stamped : &number;
  for (std::size_t i = 0; i < entities.subscription_count; ++i) {
    if (!set.subscriptions[i]) continue;
    while (took(rcl_take(set.subscriptions[i], message, nullptr, nullptr))) {
      note(log, now_ns() - (entities.stamped ? stamp_ns(entities.stamped) : number.data));
    }
  }
}

void call_timers(const rcl_wait_set_t & set, const Entities & entities, Log & log) {
  for (std::size_t i = 0; i < entities.timer_count; ++i) {
    if (set.timers[i] && took(rcl_timer_call(entities.timers[i]))) note(log, now_ns());
  }
}

bool call_again(const Entities & entities, std::int64_t & called_ns) {
  const std_srvs__srv__Empty_Request request{};
  std::int64_t sequence = 0;
  called_ns = now_ns();
  return done(rcl_send_request(entities.client, &request, &sequence));
}

bool answer(const Entities & entities, Log & log, std::int64_t & called_ns) {
  std_srvs__srv__Empty_Request request{};
  std_srvs__srv__Empty_Response response{};
  rmw_request_id_t id{};
  if (took(rcl_take_request(entities.service, &id, &request))) {
    if (!done(rcl_send_response(entities.service, &id, &response))) return false;
  }
  if (!took(rcl_take_response(entities.client, &id, &response))) return true;
  note(log, now_ns() - called_ns);
  return call_again(entities, called_ns);
}

/// Call `send` until SIGTERM, `rate` times a second or without pause; 1 if it fails.
template <typename Send>
int repeat(std::int64_t rate, Send send) {
  std::signal(SIGTERM, [](int) { terminated = 1; });
  const std::int64_t period_ns = rate > 0 ? 1'000'000'000 / rate : 0;
  std::int64_t due_ns = now_ns();
  for (std::size_t turn = 0; !terminated; ++turn) {
    if (period_ns > 0) {
      due_ns += period_ns;
      const timespec due{due_ns / 1'000'000'000, due_ns % 1'000'000'000};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
    }
    if (!send(turn)) return 1;
  }
  return 0;
}

}  // namespace

extern "C" {

/// Send one message to and fro by publish and take alone, without waiting in between.
int ping_pong(rcl_publisher_t ** publishers, rcl_subscription_t ** subscriptions, Log * log) {
  std_msgs__msg__Int64 message{};
  if (!done(rcl_publish(publishers[0], &message, nullptr))) return 1;
  for (std::size_t side = 0; !stopped(*log); side = 1 - side) {
    while (!took(rcl_take(subscriptions[side], &message, nullptr, nullptr))) {
      if (stopped(*log)) return 0;
    }
    note(*log, now_ns());
    if (!done(rcl_publish(publishers[1 - side], &message, nullptr))) return 1;
  }
  return 0;
}

/// Wait for the entities and handle what is ready, until the log says stop.
int spin(const Entities * entities, Log * log) {
  const std::size_t services = entities->service ? 1 : 0;
  rcl_wait_set_t set = rcl_get_zero_initialized_wait_set();
  const rcl_ret_t made =
      rcl_wait_set_init(&set, entities->subscription_count, 1, entities->timer_count, services,
                        services, 0, entities->context, rcl_get_default_allocator());
  if (!done(made)) return 1;
  std::int64_t called_ns = 0;
  bool ok = !entities->service || call_again(*entities, called_ns);
  while (ok && !stopped(*log)) {
    ok = fill(set, *entities) && done(rcl_wait(&set, -1));
    if (!ok || stopped(*log)) break;
    take_messages(set, *entities, *log);
    call_timers(set, *entities, *log);
    if (entities->service) ok = answer(*entities, *log, called_ns);
  }
  return done(rcl_wait_set_fini(&set)) && ok ? 0 : 1;
}

/// Publish the time on one topic after the other until SIGTERM, `rate` a second or without pause.
int publish(rcl_publisher_t ** publishers, std::size_t count, std::int64_t rate) {
  std_msgs__msg__Int64 message{};
  return repeat(rate, [&](std::size_t turn) {
    message.data = now_ns();
    return done(rcl_publish(publishers[turn % count], &message, nullptr));
  });
}

/// The same on one topic, of a message that is serialized already and begins with a header.
int publish_serialized(rcl_publisher_t * publisher, std::uint8_t * data, std::size_t size,
                       std::int64_t rate) {
  constexpr std::size_t kEncapsulation = 4;  // what CDR puts before the message
  rcl_serialized_message_t message = rmw_get_zero_initialized_serialized_message();
  message.buffer = data;
  message.buffer_length = message.buffer_capacity = size;
  return repeat(rate, [&](std::size_t) {
    stamp(data + kEncapsulation, now_ns());
    return done(rcl_publish_serialized_message(publisher, &message, nullptr));
  });
}

}  // extern "C"
