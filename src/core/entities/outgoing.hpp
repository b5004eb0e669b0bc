// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What an entity sends: where it cannot be converted, the exception says for whom.
#pragma once

#include <nanobind/nanobind.h>

#include "dispatch/entity.hpp"
#include "messages/message_type.hpp"
#include "python/note.hpp"

namespace aiorcl {

/// As `to.from_python(message)`; the exception has a note, such as "In a message of publisher
/// '/topic'". It may run any code, also such as closes the entity.
inline void convert(nanobind::handle message, RosMessage & to, const char * what,
                    const Entity & entity) {
  try {
    to.from_python(message);
  } catch (nanobind::python_error & error) {
    add_note(error.value(), std::string("In ") + what + " of " + entity.label());
    throw;
  }
}

}  // namespace aiorcl
