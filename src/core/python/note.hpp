// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Notes of exceptions.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

namespace aiorcl {

/// Adds a note to an exception, once however often it is raised. Its class is the user's, and may
/// refuse: then there is none. GIL held; no exception is pending.
inline void add_note(nanobind::handle exception, const std::string & note) {
  try {
    const nanobind::str text(note.c_str());
    const nanobind::object there = nanobind::getattr(exception, "__notes__", nanobind::none());
    if (!there.is_none() && nanobind::cast<bool>(there.attr("__contains__")(text))) return;
    exception.attr("add_note")(text);
  } catch (nanobind::python_error &) {
  } catch (nanobind::cast_error &) {
  }
}

}  // namespace aiorcl
