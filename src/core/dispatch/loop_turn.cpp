// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What an event loop of our own and the dispatcher tell each other in one turn of the loop.
#include "dispatch/loop_turn.hpp"

#include <limits>

#include "dispatch/names.hpp"
#include "dispatch/stand_in.hpp"
#include "events/steady_time.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

/// How often the loop's fds are looked at while it has something to do in each turn: a look costs
/// more than the rest of a turn.
constexpr std::int64_t kLookNs = 100'000;

/// The loop is the first argument.
PyObject * call_wanting(PyObject * callable, PyObject * const * args, std::size_t nargsf,
                        PyObject * kwnames) noexcept {
  if (PyVectorcall_NARGS(nargsf) > 0) {
    PyObject * turn = PyObject_GetAttr(args[0], names().turn);
    if (turn == nullptr) return nullptr;
    LoopTurn * found = nullptr;
    const bool is_turn = nb::try_cast(nb::handle(turn), found);
    Py_DECREF(turn);  // the loop has it
    if (!is_turn || found == nullptr) {
      PyErr_SetString(PyExc_TypeError, "Not an event loop of aiorcl");
      return nullptr;
    }
    found->wanted = true;
  }
  return or_hang(
      [&] { return PyObject_Vectorcall(stood_in_for(callable), args, nargsf, kwnames); });
}

}  // namespace

void LoopTurn::begin(std::optional<double> timeout) noexcept {
  wanted = stopping = polled = false;
  due = timeout ? static_cast<double>(steady_now()) * 1e-9 + *timeout
                : std::numeric_limits<double>::infinity();
}

bool LoopTurn::looks() noexcept {
  if (!readable && polled) return false;
  const std::int64_t now = steady_now();
  if (!readable && now - looked_ < kLookNs) return false;
  readable = false;
  looked_ = now;
  return true;
}

nb::object wanting(nb::handle method) {
  return stand_in(call_wanting, method);
}

}  // namespace aiorcl
