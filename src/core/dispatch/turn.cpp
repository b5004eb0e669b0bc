// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What an event loop of our own and the dispatcher tell each other in one turn of the loop.
#include "dispatch/turn.hpp"

#include <limits>

#include "dispatch/names.hpp"
#include "events/steady_time.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

/// How often the loop's fds are looked at while it has something to do in each turn: a look costs
/// more than the rest of a turn.
constexpr std::int64_t kLookNs = 100'000;

/// `method` is what wanting() was given; the loop is the first argument.
PyObject * call_wanting(PyObject * method, PyObject * const * args, Py_ssize_t nargs,
                        PyObject * kwnames) noexcept {
  if (nargs > 0) {
    PyObject * turn = PyObject_GetAttr(args[0], names().turn);
    if (turn == nullptr) return nullptr;
    Turn * found = nullptr;
    const bool is_turn = nb::try_cast(nb::handle(turn), found);
    Py_DECREF(turn);  // the loop has it
    if (!is_turn || found == nullptr) {
      PyErr_SetString(PyExc_TypeError, "Not an event loop of aiorcl");
      return nullptr;
    }
    found->wanted = true;
  }
  return or_hang(
      [&] { return PyObject_Vectorcall(method, args, static_cast<std::size_t>(nargs), kwnames); });
}

using FastCall = PyObject * (*)(PyObject *, PyObject * const *, Py_ssize_t, PyObject *);

}  // namespace

void Turn::begin(std::optional<double> timeout) noexcept {
  wanted = stopping = polled = false;
  due = timeout ? static_cast<double>(steady_now()) * 1e-9 + *timeout
                : std::numeric_limits<double>::infinity();
}

bool Turn::looks() noexcept {
  if (!readable && polled) return false;
  const std::int64_t now = steady_now();
  if (!readable && now - looked_ < kLookNs) return false;
  readable = false;
  looked_ = now;
  return true;
}

nb::object wanting(nb::handle method) {
  const FastCall call = call_wanting;
  static PyMethodDef definition = {"wanting",
                                   reinterpret_cast<PyCFunction>(reinterpret_cast<void *>(call)),
                                   METH_FASTCALL | METH_KEYWORDS, nullptr};
  nb::object function = nb::steal(PyCFunction_New(&definition, method.ptr()));
  if (!function.is_valid()) nb::raise_python_error();
  nb::object bound = nb::steal(PyInstanceMethod_New(function.ptr()));
  if (!bound.is_valid()) nb::raise_python_error();
  return bound;
}

}  // namespace aiorcl
