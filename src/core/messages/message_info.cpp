// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// rmw_message_info_t -> the dict that rclpy gives to callbacks.
#include "messages/message_info.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

nb::object sequence_number(std::uint64_t number) {
  return number == RMW_MESSAGE_INFO_SEQUENCE_NUMBER_UNSUPPORTED ? nb::none()
                                                                : nb::object(nb::int_(number));
}

}  // namespace

nb::dict message_info(const rmw_message_info_t & info, bool with_gid) {
  nb::dict result;
  result["source_timestamp"] = nb::int_(info.source_timestamp);
  result["received_timestamp"] = nb::int_(info.received_timestamp);
  result["publication_sequence_number"] = sequence_number(info.publication_sequence_number);
  result["reception_sequence_number"] = sequence_number(info.reception_sequence_number);
  if (with_gid) {
    nb::dict gid;
    const char * implementation = info.publisher_gid.implementation_identifier;
    gid["implementation_identifier"] = nb::str(implementation == nullptr ? "" : implementation);
    gid["data"] = nb::bytes(info.publisher_gid.data, RMW_GID_STORAGE_SIZE);
    result["publisher_gid"] = gid;
  }
  return result;
}

}  // namespace aiorcl
