// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The data of CPython that librcl's wheels refer to: without it they load only into Python.

// librcl links the Python conversions of a few messages, and the wheels leave CPython's symbols to
// the process. Functions are bound when called, and these are never called here; data is bound at
// load.
extern "C" {
extern void * PyExc_RuntimeError;
extern char _Py_TrueStruct[64];
void * PyExc_RuntimeError = nullptr;
char _Py_TrueStruct[64] = {};
}
