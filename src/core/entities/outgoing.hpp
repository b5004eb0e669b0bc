// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What an entity sends: where it cannot be converted, the exception says for whom.
#pragma once

#include <nanobind/nanobind.h>

#include "dispatch/entity.hpp"
#include "messages/message_type.hpp"

namespace aiorcl {

/// As `to.from_python(message)`; the exception has a note, such as "In a message of publisher
/// '/topic'". It may run any code, also such as closes the entity.
inline void convert(nanobind::handle message, RosMessage & to, const char * what,
                    const Entity & entity) {
  try {
    to.from_python(message);
  } catch (nanobind::python_error & error) {
    const std::string note = std::string("In ") + what + " of " + entity.label();
    try {
      error.value().attr("add_note")(nanobind::str(note.c_str()));
    } catch (nanobind::python_error &) {  // its class is the user's: it may be frozen
    }
    throw;
  }
}

}  // namespace aiorcl
