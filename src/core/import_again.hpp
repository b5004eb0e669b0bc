// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// An import of this extension after one that was interrupted when the extension was whole.
#pragma once

#include <nanobind/nanobind.h>

namespace aiorcl {

/// Of a class: the names of the module that defines it, which live as long as it does.
inline constexpr const char * kNames = "__names__";

/// At the end of an import: what another one takes up. `last` is the class that was defined last.
inline void leave_for_another_import(const nanobind::module_ & module, nanobind::handle last) {
  last.attr(kNames) = module.attr("__dict__");
}

/// Gives a module what an import before has made in this process: nanobind knows its classes, and
/// defines none twice. False if there was none. Throws import_error if that one did not come to its
/// end. `first` and `last` are the classes that are defined so, null where that has not happened.
inline bool take_up(const nanobind::module_ & module, nanobind::handle first,
                    nanobind::handle last) {
  if (!first.is_valid()) return false;
  if (!last.is_valid() || !nanobind::hasattr(last, kNames)) {
    throw nanobind::import_error(
        "aiorcl._core was not loaded whole when it was imported before: restart the process");
  }
  // Without what the import system has given this module itself.
  const nanobind::object names = last.attr(kNames);
  if (PyDict_Merge(module.attr("__dict__").ptr(), names.ptr(), 0) != 0) {
    nanobind::raise_python_error();
  }
  return true;
}

}  // namespace aiorcl
