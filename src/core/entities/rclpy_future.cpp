// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// rclpy's Future, made and completed without running its Python.
#include "entities/rclpy_future.hpp"

#include <iterator>
#include <utility>
#include <vector>

#include "dispatch/names.hpp"
#include "python/imports.hpp"
#include "python/once.hpp"
#include "python/private_names.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

void set_attribute(nb::handle object, PyObject * name, nb::handle value) {
  if (PyObject_SetAttr(object.ptr(), name, value.ptr()) != 0) nb::raise_python_error();
}

/// Whether they are one object, or one method of one object. No `==` is asked, which users define.
bool is_same(nb::handle one, nb::handle other) {
  if (one.is(other)) return true;
  if (PyMethod_Check(one.ptr()) == 0 || PyMethod_Check(other.ptr()) == 0) return false;
  return PyMethod_Self(one.ptr()) == PyMethod_Self(other.ptr()) &&
         PyMethod_Function(one.ptr()) == PyMethod_Function(other.ptr());
}

/// Whether the type of an object is a class, or derives from it. No `__class__` is asked.
bool is_of_class(nb::handle object, nb::handle cls) {
  return PyObject_TypeCheck(object.ptr(), reinterpret_cast<PyTypeObject *>(cls.ptr())) != 0;
}

/// What a new Future has, learned from one that the constructor has made. Lives as long as the
/// interpreter.
struct Pattern {
  struct Attribute {
    nb::object name;   // interned
    nb::object value;  // invalid: a new list
    nb::object make;   // invalid, or what makes the value
  };

  Pattern() {
    nb::module_ task = nb::module_::import_("rclpy.task");
    cls = task.attr("Future");
    task_cls = task.attr("Task");
    no_arguments = nb::make_tuple();
    inline_callback = nb::borrow(imports::inline_callback());
    nb::module_ threading = nb::module_::import_("threading");
    nb::object lock_type = nb::borrow(threading.attr("Lock")().type());
    // The class itself: threading.RLock is a function of Python around it.
    nb::object lock = nb::module_::import_("_thread").attr("RLock");
    nb::object sample = cls();
    nb::dict attributes = nb::borrow<nb::dict>(sample.attr("__dict__"));
    for (auto [name, value] : attributes) {
      Attribute attribute{nb::borrow(name), {}, {}};
      if (value.type().is(lock_type)) {
        attribute.make = lock;
      } else if (!PyList_CheckExact(value.ptr())) {
        attribute.value = nb::borrow(value);
      }
      list.push_back(std::move(attribute));
    }
    const RclpyNames & names = rclpy_names();
    PyObject * const expected[] = {names.state,     names.result, names.exception,
                                   names.callbacks, names.lock,   names.exception_fetched,
                                   names.executor};
    known = list.size() == std::size(expected);
    for (PyObject * name : expected) known = known && attributes.contains(nb::handle(name));
    if (known) finished = task.attr("FutureState").attr("FINISHED");
  }

  nb::object cls;
  nb::object task_cls;
  nb::object no_arguments;
  nb::object inline_callback;
  nb::object finished;
  std::vector<Attribute> list;
  bool known = false;
};

const Pattern & pattern() {
  static Once<Pattern> once;
  return once.get([] { return Pattern(); });
}

}  // namespace

nb::object new_rclpy_future() {
  const Pattern & known = pattern();
  if (!known.known) return known.cls();
  auto * cls = reinterpret_cast<PyTypeObject *>(known.cls.ptr());
  nb::object future = nb::steal(cls->tp_new(cls, known.no_arguments.ptr(), nullptr));
  if (!future.is_valid()) nb::raise_python_error();
  for (const Pattern::Attribute & attribute : known.list) {
    nb::object made;
    if (attribute.make.is_valid()) {
      made = attribute.make();
    } else if (!attribute.value.is_valid()) {
      made = nb::list();
    }
    set_attribute(future, attribute.name.ptr(), made.is_valid() ? made : attribute.value);
  }
  return future;
}

bool complete_rclpy_future(nb::handle future, nb::handle result, Hooks hooks, nb::handle except) {
  const Pattern & known = pattern();
  if (!known.known || !future.type().is(known.cls)) return false;
  nb::object executor = attribute(hooks, names().executor);
  nb::object none = nb::list();
  // Another thread may be about to add a callback.
  nb::object lock = attribute(future, rclpy_names().lock);
  call_method(lock, names().acquire);
  nb::object callbacks = attribute(future, rclpy_names().callbacks);
  set_attribute(future, rclpy_names().executor, executor);
  set_attribute(future, rclpy_names().result, result);
  set_attribute(future, rclpy_names().state, known.finished);
  set_attribute(future, rclpy_names().callbacks, none);
  call_method(lock, names().release);
  bool excepted = false;
  for (nb::handle callback : nb::borrow<nb::list>(callbacks)) {
    if (!excepted && is_same(callback, except)) {
      excepted = true;
      continue;
    }
    if (is_instance(callback, known.inline_callback)) {
      call_object(callback, future);  // as create_task would
    } else if (is_of_class(callback, known.task_cls)) {
      call_method(hooks, names().call_task, callback);
    } else {
      call_method(hooks, names().create_task, callback, future);
    }
  }
  return true;
}

void discard_callback(nb::handle future, nb::handle callback) {
  nb::object list = attribute(future, rclpy_names().callbacks);
  nb::object kept = nb::borrow(callback);  // what it frees is freed after this
  for (Py_ssize_t i = PyList_Size(list.ptr()) - 1; i >= 0; --i) {
    if (PyList_GET_ITEM(list.ptr(), i) != callback.ptr()) continue;
    if (PyList_SetSlice(list.ptr(), i, i + 1, nullptr) != 0) nb::raise_python_error();
  }
}

nb::list take_callbacks(nb::handle future, nb::handle cls) {
  nb::list taken;  // before: it may bring the collector
  nb::object list = attribute(future, rclpy_names().callbacks);
  for (Py_ssize_t i = 0; i < PyList_Size(list.ptr());) {
    nb::object callback = nb::borrow(PyList_GET_ITEM(list.ptr(), i));
    if (!is_of_class(callback, cls)) {
      ++i;
      continue;
    }
    taken.append(callback);
    if (PyList_SetSlice(list.ptr(), i, i + 1, nullptr) != 0) nb::raise_python_error();
  }
  return taken;
}

}  // namespace aiorcl
