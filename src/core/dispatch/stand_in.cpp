// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A callable of C++ in the place of a function of Python.
#include "dispatch/stand_in.hpp"

#include <structmember.h>

#include <cstddef>
#include <exception>
#include <new>

#include "dispatch/entity.hpp"
#include "dispatch/names.hpp"
#include "python/finalizing.hpp"
#include "python/once.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

struct StandIn {
  PyObject_HEAD vectorcallfunc call;
  PyObject * weak_references;
  PyObject * function;
  // Of a method, else null: what it is bound to, the name of its argument, and who does it how.
  PyObject * object;
  PyObject * parameter;
  PyObject * self;  // keeps the entity
  Entity * entity;
  Instead instead;
};

StandIn & of(PyObject * self) noexcept {
  return *reinterpret_cast<StandIn *>(self);
}

/// What the type has as well: annotations from the moment on in which somebody asks the type.
bool type_has(PyObject * name) {
  return PyUnicode_Compare(name, names().doc) == 0 ||
         PyUnicode_Compare(name, names().module) == 0 ||
         PyUnicode_CompareWithASCIIString(name, "__annotations__") == 0;
}

PyObject * get_attribute(PyObject * self, PyObject * name) {
  if (!type_has(name)) {
    PyObject * own = PyObject_GenericGetAttr(self, name);
    if (own != nullptr || PyErr_ExceptionMatches(PyExc_AttributeError) == 0) return own;
    PyErr_Clear();
  }
  return PyObject_GetAttr(of(self).function, name);
}

PyObject * bind(PyObject * self, PyObject * object, PyObject *) {
  return object == nullptr ? Py_NewRef(self) : PyMethod_New(self, object);
}

Py_hash_t hash(PyObject * self) {
  return PyObject_Hash(of(self).function);
}

PyObject * compare(PyObject * self, PyObject * other, int operation) {
  if (Py_TYPE(other) == Py_TYPE(self)) other = of(other).function;
  return PyObject_RichCompare(of(self).function, other, operation);
}

int traverse(PyObject * self, visitproc visit, void * arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(of(self).function);
  Py_VISIT(of(self).object);
  Py_VISIT(of(self).self);
  return 0;
}

void deallocate(PyObject * self) {
  PyTypeObject * type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  if (of(self).weak_references != nullptr) PyObject_ClearWeakRefs(self);
  Py_XDECREF(of(self).function);
  Py_XDECREF(of(self).object);
  Py_XDECREF(of(self).parameter);
  Py_XDECREF(of(self).self);
  PyObject_GC_Del(self);
  Py_DECREF(type);
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(StandIn, call), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(StandIn, weak_references), READONLY, nullptr},
    {"__wrapped__", T_OBJECT, offsetof(StandIn, function), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};

// No clear: whatever is in a cycle with one, an instance and its methods, clears itself.
PyType_Slot slots[] = {{Py_tp_members, members},
                       {Py_tp_call, reinterpret_cast<void *>(PyVectorcall_Call)},
                       {Py_tp_getattro, reinterpret_cast<void *>(get_attribute)},
                       {Py_tp_descr_get, reinterpret_cast<void *>(bind)},
                       {Py_tp_hash, reinterpret_cast<void *>(hash)},
                       {Py_tp_richcompare, reinterpret_cast<void *>(compare)},
                       {Py_tp_traverse, reinterpret_cast<void *>(traverse)},
                       {Py_tp_dealloc, reinterpret_cast<void *>(deallocate)},
                       {0, nullptr}};

PyType_Spec spec = {"aiorcl._core.StandIn", sizeof(StandIn), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                        Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                    slots};

PyTypeObject * type() {
  static Once<nb::object> made;
  const nb::object & type = made.get([] {
    PyObject * made_now = PyType_FromSpec(&spec);
    if (made_now == nullptr) nb::raise_python_error();
    return nb::steal(made_now);
  });
  return reinterpret_cast<PyTypeObject *>(type.ptr());
}

/// Makes what is being handled the exception of Python.
void restore() {
  try {
    throw;
  } catch (nb::python_error & error) {
    error.restore();
  } catch (const std::bad_alloc &) {
    PyErr_NoMemory();
  } catch (const std::exception & error) {
    static Imported rcl_error{"aiorcl._core", "RclError"};
    PyErr_SetString(rcl_error.get().ptr(), error.what());
  }
}

/// Not through a method of nanobind's, which would cost as much as a conversion of the message.
PyObject * call_instead(PyObject * callable, PyObject * const * args, std::size_t nargsf,
                        PyObject * kwnames) {
  const StandIn & self = of(callable);
  const std::size_t named =
      kwnames == nullptr ? 0 : static_cast<std::size_t>(PyTuple_Size(kwnames));
  const std::size_t given = static_cast<std::size_t>(PyVectorcall_NARGS(nargsf)) + named;
  const std::size_t taken = self.parameter == nullptr ? 1 : 2;
  const bool is_ours =
      given == taken && args[0] == self.object &&
      (named == 0 || (given == 2 && named == 1 &&
                      PyUnicode_Compare(PyTuple_GetItem(kwnames, 0), self.parameter) == 0));
  if (!is_ours) {
    return or_hang([&] { return PyObject_Vectorcall(self.function, args, nargsf, kwnames); });
  }
  const nb::handle argument = given == 2 ? args[1] : nullptr;
  try {
    return or_hang([&] { return self.instead(*self.entity, argument).release().ptr(); });
  } catch (...) {
    try {
      restore();
    } catch (nb::python_error & error) {
      error.restore();
    }
    return nullptr;
  }
}

}  // namespace

nb::object stand_in(vectorcallfunc call, nb::handle function) {
  StandIn * made = PyObject_GC_New(StandIn, type());
  if (made == nullptr) nb::raise_python_error();
  made->call = call;
  made->weak_references = nullptr;
  made->function = Py_NewRef(function.ptr());
  made->object = made->parameter = made->self = nullptr;
  made->entity = nullptr;
  made->instead = nullptr;
  PyObject_GC_Track(made);
  return nb::steal(reinterpret_cast<PyObject *>(made));
}

PyObject * stood_in_for(PyObject * callable) noexcept {
  return of(callable).function;
}

nb::object stand_in_method(Entity & entity, PyObject * name, PyObject * parameter,
                           Instead instead) {
  const nb::object object = nb::borrow(entity.rclpy_entity());
  const nb::object made = stand_in(call_instead, attribute(object.type(), name));
  StandIn & self = of(made.ptr());
  self.object = Py_NewRef(object.ptr());
  self.parameter = Py_XNewRef(parameter);
  self.self = Py_NewRef(entity.self().ptr());
  self.entity = &entity;
  self.instead = instead;
  PyObject * method = PyMethod_New(made.ptr(), object.ptr());
  if (method == nullptr) nb::raise_python_error();
  return nb::steal(method);
}

}  // namespace aiorcl
