// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Ctrl-C while this extension is imported: heard, and heard as what it is.
#include <Python.h>

namespace {

/// What the main thread does next: raises `exception`, and owns it no more.
int raise(void * exception) {
  auto * value = static_cast<PyObject *>(exception);
  PyErr_SetObject(reinterpret_cast<PyObject *>(Py_TYPE(value)), value);
  Py_DECREF(value);
  return -1;
}

/// Takes the exception that is set, and lets the import under way fail by it.
void raise_later() {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  if (value != nullptr && Py_AddPendingCall(raise, value) != 0) Py_DECREF(value);
}

}  // namespace

// While nanobind prepares itself it runs a few lines of Python, and drops whatever they raise: also
// the KeyboardInterrupt of a signal that came while the extension was loaded. The linker's option
// --wrap=PyEval_EvalCode puts this between nanobind and Python. To block the signal meanwhile would
// not do: any other thread of the process takes it then, and Python hears of it all the same.
extern "C" {
PyObject * __real_PyEval_EvalCode(PyObject * code, PyObject * globals, PyObject * locals);

PyObject * __wrap_PyEval_EvalCode(PyObject * code, PyObject * globals, PyObject * locals) {
  PyObject * result = __real_PyEval_EvalCode(code, globals, locals);
  if (result == nullptr) raise_later();
  return result;
}
}
