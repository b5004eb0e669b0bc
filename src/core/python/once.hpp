// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// What is made with Python when it is first wanted, and kept.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <new>
#include <utility>

namespace aiorcl {

/// A value that takes Python code to make. GIL held in get().
///
/// Not the initialiser of a C++ `static`: Python code may hand the GIL to another thread, which
/// would then wait at the guard of that static with the GIL held, for a thread that wants the GIL.
/// Here the other thread makes a value too, and the first one to be whole is kept. It lives as long
/// as the process: nothing is destroyed when the interpreter is gone. Declare it
/// `static Once<T> name;`, which needs no guard.
template <typename T>
class Once {
 public:
  constexpr Once() noexcept = default;
  Once(const Once &) = delete;
  Once & operator=(const Once &) = delete;

  /// The value; `make()` returns it the first time. What `make` throws is thrown, and the next
  /// call tries again.
  template <typename Make>
  const T & get(Make make) {
    if (value_ == nullptr) {
      auto made = std::make_unique<T>(make());
      if (value_ == nullptr) value_ = made.release();
    }
    return *value_;
  }

  /// As get(), for code without exceptions of C++: null with one of Python set.
  template <typename Make>
  const T * find(Make make) noexcept {
    if (value_ != nullptr) return value_;
    try {
      return &get(make);
    } catch (nanobind::python_error & error) {
      error.restore();
    } catch (const std::bad_alloc &) {
      PyErr_NoMemory();
    }
    return nullptr;
  }

 private:
  T * value_ = nullptr;
};

/// `name` of a Python module, imported when it is first wanted. Declare it
/// `static Imported name{"module", "name"};`.
class Imported {
 public:
  constexpr Imported(const char * module, const char * name) noexcept
      : module_(module), name_(name) {}

  /// Throws nb::python_error.
  nanobind::handle get() {
    return once_.get([this] { return import(); });
  }

  /// As get(): null with an exception set.
  PyObject * find() noexcept {
    const nanobind::object * found = once_.find([this] { return import(); });
    return found == nullptr ? nullptr : found->ptr();
  }

 private:
  nanobind::object import() const { return nanobind::module_::import_(module_).attr(name_); }

  const char * module_;
  const char * name_;
  Once<nanobind::object> once_;
};

}  // namespace aiorcl
