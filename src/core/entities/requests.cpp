// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The requests to one service, of several clients.
#include "entities/requests.hpp"

#include <algorithm>

#include "dispatch/names.hpp"
#include "entities/client.hpp"

namespace nb = nanobind;

namespace aiorcl {

bool Requests::Request::is_awaited() const {
  return client != nullptr && client->awaits(number);
}

void Requests::sent(const Client & client, std::int64_t number) {
  if (list_.size() >= sweep_at_) {
    // Somebody waits for ever, and what came after that was given up: so many fill any queue.
    for (std::size_t at = 0; at < list_.size();) {
      if (!drop_abandoned(at)) ++at;
    }
    sweep_at_ = std::max(kFirstSweep, 2 * list_.size());
  }
  list_.push_back({&client, number});
}

bool Requests::drop_abandoned(std::size_t at) {
  const Request request = list_[at];
  if (request.is_awaited()) return false;
  // To ask may have brought the collector, and finalizers that send, receive or destroy.
  if (at >= list_.size() || list_[at].client != request.client ||
      list_[at].number != request.number) {
    return false;
  }
  list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

void Requests::answered(const Client & client, std::int64_t number) {
  const auto found = std::find_if(list_.begin(), list_.end(), [&](const Request & request) {
    return request.client == &client && request.number == number;
  });
  if (found != list_.end()) list_.erase(found);
  if (on_answer.is_none()) return;
  const nb::object callback = on_answer;
  call_object(callback);
}

void Requests::leave(const Client & client) noexcept {
  for (Request & request : list_) {
    if (request.client == &client) request.client = nullptr;
  }
}

std::size_t Requests::under_way() {
  while (!list_.empty() && drop_abandoned(0)) {
  }
  return list_.size();
}

}  // namespace aiorcl
