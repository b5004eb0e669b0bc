// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What Python's collector sees of our objects, and how it clears them.
#pragma once

#include <nanobind/nanobind.h>

#include <utility>

#include "dispatch/dispatcher.hpp"
#include "dispatch/entity.hpp"
#include "dispatch/group.hpp"

namespace aiorcl {

// Entities reach the user's callbacks, which may reach the executor: cycles that Python has to see.
// Each class names its slots, also where it derives from one that does: nanobind gives a weakly
// referenceable class a traverse of its own.

inline int traverse_entity(PyObject * self, visitproc visit, void * arg) {
  Py_VISIT(Py_TYPE(self));
  return nanobind::inst_ready(self) ? nanobind::inst_ptr<Entity>(self)->traverse(visit, arg) : 0;
}

inline int clear_entity(PyObject * self) {
  if (nanobind::inst_ready(self)) nanobind::inst_ptr<Entity>(self)->clear();
  return 0;
}

inline PyType_Slot entity_slots[] = {{Py_tp_traverse, reinterpret_cast<void *>(traverse_entity)},
                                     {Py_tp_clear, reinterpret_cast<void *>(clear_entity)},
                                     {0, nullptr}};

inline int traverse_group(PyObject * self, visitproc visit, void * arg) {
  Py_VISIT(Py_TYPE(self));
  if (!nanobind::inst_ready(self)) return 0;
  Py_VISIT(nanobind::inst_ptr<Group>(self)->rules.ptr());
  Py_VISIT(nanobind::inst_ptr<Group>(self)->workers.ptr());
  return 0;
}

inline int clear_group(PyObject * self) {
  if (!nanobind::inst_ready(self)) return 0;
  Group * group = nanobind::inst_ptr<Group>(self);
  const nanobind::object rules = std::move(group->rules);
  const nanobind::object workers = std::move(group->workers);
  return 0;
}

inline PyType_Slot group_slots[] = {{Py_tp_traverse, reinterpret_cast<void *>(traverse_group)},
                                    {Py_tp_clear, reinterpret_cast<void *>(clear_group)},
                                    {0, nullptr}};

inline int traverse_dispatcher(PyObject * self, visitproc visit, void * arg) {
  Py_VISIT(Py_TYPE(self));
  if (!nanobind::inst_ready(self)) return 0;
  Py_VISIT(nanobind::inst_ptr<Dispatcher>(self)->variables.ptr());
  return 0;
}

inline int clear_dispatcher(PyObject * self) {
  if (!nanobind::inst_ready(self)) return 0;
  const nanobind::object variables =
      std::exchange(nanobind::inst_ptr<Dispatcher>(self)->variables, nanobind::none());
  return 0;
}

inline PyType_Slot dispatcher_slots[] = {
    {Py_tp_traverse, reinterpret_cast<void *>(traverse_dispatcher)},
    {Py_tp_clear, reinterpret_cast<void *>(clear_dispatcher)},
    {0, nullptr}};

}  // namespace aiorcl
