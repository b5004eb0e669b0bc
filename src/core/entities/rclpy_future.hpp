// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// rclpy's Future, made and completed without running its Python.
#pragma once

#include <nanobind/nanobind.h>

#include "dispatch/entity.hpp"

namespace aiorcl {

// GIL held in all.

/// A rclpy.task.Future, just as its constructor makes it, but with a lock that the thread which has
/// it may take again: a signal handler may come between any two lines of rclpy's, and complete it.
nanobind::object new_rclpy_future();

/// As future._set_executor(hooks.executor()) and future.set_result(result), without its callback
/// `except`; the other ones go to hooks.create_task(callback, future), and to hooks.call_task(task)
/// the tasks among them, which rclpy 10.0.10 and newer puts there. False, and nothing is done, for
/// a future of another class, or where rclpy's has other attributes than we know.
bool complete_rclpy_future(nanobind::handle future, nanobind::handle result, Hooks hooks,
                           nanobind::handle except);

// Without the lock of the future, in one step of the interpreter: while a line of Python has that
// lock a signal handler or a finalizer may come that wants it, on the same thread. rclpy walks no
// list of callbacks that a future still has.

/// Takes a done callback, itself and not an equal one, from a future.
void discard_callback(nanobind::handle future, nanobind::handle callback);

/// Takes the done callbacks of a class from a future, and returns them.
nanobind::list take_callbacks(nanobind::handle future, nanobind::handle cls);

}  // namespace aiorcl
