// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A Python message object -> a ROS struct.
//
// Values of odd types are converted by calls into Python, and those may run any code: what is being
// read is held while it is read, and a list is asked for its length before each item.
#include "messages/from_python.hpp"

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "messages/arrays.hpp"
#include "messages/scalars.hpp"
#include "messages/sequence.hpp"
#include "python/note.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

// A smaller copy costs less than to note down what is borrowed.
constexpr Py_ssize_t kBorrowBytes = 4096;

/// Whether it is of the module rosidl_buffer, which is not there before Lyrical.
bool is_buffer(PyObject * value) noexcept {
  PyObject * module =
      PyObject_GetAttrString(reinterpret_cast<PyObject *>(Py_TYPE(value)), "__module__");
  const char * name =
      module != nullptr && PyUnicode_Check(module) ? PyUnicode_AsUTF8(module) : nullptr;
  constexpr std::string_view kModule = "rosidl_buffer";
  const bool found = name != nullptr && std::string_view(name).substr(0, kModule.size()) == kModule;
  Py_XDECREF(module);
  PyErr_Clear();
  return found;
}

/// Not a number of numpy, which is a buffer, too.
bool has_length(PyObject * value) noexcept {
  const PyTypeObject * type = Py_TYPE(value);
  return (type->tp_as_sequence != nullptr && type->tp_as_sequence->sq_length != nullptr) ||
         (type->tp_as_mapping != nullptr && type->tp_as_mapping->mp_length != nullptr);
}

/// A list or tuple of the items, as an iteration brings them; nullptr with an exception.
PyObject * listed(PyObject * value) {
  if (PyList_CheckExact(value) || PyTuple_CheckExact(value)) return Py_NewRef(value);
  PyObject * items = PyObject_GetIter(value);
  if (items == nullptr) {
    if (PyErr_ExceptionMatches(PyExc_TypeError) != 0) refuse_type("a sequence", value);
    return nullptr;
  }
  PyObject * list = PySequence_List(items);
  Py_DECREF(items);
  return list;
}

/// One conversion; remembers where in the message it failed.
class Conversion {
 public:
  explicit Conversion(Borrowed & borrowed) : borrowed_(borrowed) {}

  bool message(const Plan & plan, PyObject * object, void * to);

  /// True if it was given up because a value is a buffer.
  bool is_rclpys() const noexcept { return is_rclpys_; }

  /// Puts the path to the field before the words of the exception that is set.
  void name_field();

 private:
  struct Step {
    const Field * field;  // nullptr: an index
    std::size_t index;
  };

  bool field(const Field & field, PyObject * value, void * to);
  bool one(const Field & field, PyObject * value, void * to);
  bool nested(const Field & field, PyObject * value, void * to);
  bool array(const Field & field, PyObject * value, void * to);
  bool sequence(const Field & field, PyObject * value, Sequence & to);
  bool buffer(const Field & field, PyObject * value, Sequence & to, bool & done);
  bool items(const Field & field, PyObject * list, void * to, std::size_t size);
  bool resize(const Field & field, Sequence & to, std::size_t size);
  bool refuse_length(const Field & field, std::size_t size);

  Borrowed & borrowed_;
  std::vector<Step> path_;  // from the inside out
  bool is_rclpys_ = false;
};

bool Conversion::message(const Plan & plan, PyObject * object, void * to) {
  const bool by_slot = Py_TYPE(object) == plan.cls();
  for (const Field & each : plan.fields()) {
    void * target = static_cast<char *>(to) + each.offset;
    PyObject * value = by_slot ? Py_XNewRef(Plan::at(object, each.slot)) : nullptr;
    // Also for an empty slot: the words of the AttributeError are Python's.
    if (value == nullptr) value = PyObject_GetAttr(object, each.name);
    const bool converted = value != nullptr && field(each, value, target);
    Py_XDECREF(value);
    if (!converted) {
      path_.push_back({&each, 0});
      return false;
    }
  }
  return true;
}

inline bool Conversion::field(const Field & field, PyObject * value, void * to) {
  switch (field.shape) {
    case Shape::kSingle:
      return one(field, value, to);
    case Shape::kArray:
      return array(field, value, to);
    case Shape::kSequence:
      return sequence(field, value, *static_cast<Sequence *>(to));
  }
  Py_UNREACHABLE();
}

inline bool Conversion::one(const Field & field, PyObject * value, void * to) {
  return field.element == Element::kMessage ? nested(field, value, to)
                                            : scalar_from_python(field, value, to);
}

bool Conversion::nested(const Field & field, PyObject * value, void * to) {
  PyTypeObject * cls = field.nested->cls();
  if (Py_TYPE(value) != cls && !PyType_IsSubtype(Py_TYPE(value), cls)) {
    return refuse_type(field.nested->name().c_str(), value);
  }
  return message(*field.nested, value, to);
}

bool Conversion::array(const Field & field, PyObject * value, void * to) {
  if (field.is_numeric()) {
    if (const void * data = ndarray_data(value, field.element, field.length)) {
      std::memcpy(to, data, field.length * field.item_size);
      return true;
    }
  }
  if (!PyList_Check(value) && !check_collection(value)) return false;
  PyObject * list = listed(value);
  if (list == nullptr) return false;
  const auto size = static_cast<std::size_t>(PySequence_Fast_GET_SIZE(list));
  const bool converted =
      size == field.length ? items(field, list, to, size) : refuse_length(field, size);
  Py_DECREF(list);
  return converted;
}

bool Conversion::sequence(const Field & field, PyObject * value, Sequence & to) {
  if (!PyList_CheckExact(value)) {
    bool done = false;
    if (field.element < Element::kString && PyObject_CheckBuffer(value) && has_length(value)) {
      if (!buffer(field, value, to, done)) return false;
      if (done) return true;
    }
    if (field.may_be_buffer && is_buffer(value)) {
      is_rclpys_ = true;
      return false;
    }
    if (!PyList_Check(value) && !check_collection(value)) return false;
  }
  PyObject * list = listed(value);
  if (list == nullptr) return false;
  const auto size = static_cast<std::size_t>(PySequence_Fast_GET_SIZE(list));
  const bool converted = size > field.length
                             ? refuse_length(field, size)
                             : resize(field, to, size) && items(field, list, to.data, size);
  Py_DECREF(list);
  return converted;
}

/// Takes the numbers of a buffer as they lie there, if they are just what the field has: `done`.
bool Conversion::buffer(const Field & field, PyObject * value, Sequence & to, bool & done) {
  Py_buffer view;
  if (PyObject_GetBuffer(value, &view, PyBUF_RECORDS_RO) != 0) {
    // None of this kind, as numpy and Python say it. An interrupt, say, is neither.
    for (PyObject * cls : {PyExc_BufferError, PyExc_ValueError, PyExc_TypeError}) {
      if (PyErr_ExceptionMatches(cls) == 0) continue;
      PyErr_Clear();
      return true;
    }
    return false;
  }
  done = view.ndim == 1 &&
         is_format_of(view.format, static_cast<std::size_t>(view.itemsize), field.element);
  const auto size = static_cast<std::size_t>(view.len) / field.item_size;
  bool converted = true;
  if (done && size > field.length) {
    converted = refuse_length(field, size);
  } else if (done && PyBuffer_IsContiguous(&view, 'C') == 0) {
    converted =
        resize(field, to, size) && PyBuffer_ToContiguous(to.data, &view, view.len, 'C') == 0;
  } else if (done && view.len >= kBorrowBytes) {
    borrowed_.borrow(to, view, size);
    return true;
  } else if (done) {
    converted = resize(field, to, size);
    if (converted && size > 0) std::memcpy(to.data, view.buf, static_cast<std::size_t>(view.len));
  }
  PyBuffer_Release(&view);
  return converted;
}

bool Conversion::items(const Field & field, PyObject * list, void * to, std::size_t size) {
  char * target = static_cast<char *>(to);
  for (std::size_t i = 0; i < size; ++i, target += field.item_size) {
    if (static_cast<std::size_t>(PySequence_Fast_GET_SIZE(list)) != size) {
      PyErr_SetString(PyExc_ValueError, "changed its length while it was converted");
      return false;
    }
    PyObject * item = Py_NewRef(PySequence_Fast_GET_ITEM(list, static_cast<Py_ssize_t>(i)));
    const bool converted = one(field, item, target);
    Py_DECREF(item);
    if (!converted) {
      path_.push_back({nullptr, i});
      return false;
    }
  }
  return true;
}

bool Conversion::resize(const Field & field, Sequence & to, std::size_t size) {
  // All that is allocated is initialised, and rosidl's fini functions go by the capacity.
  if (size <= to.capacity) {
    to.size = size;
    return true;
  }
  if (field.resize(&to, size)) return true;
  PyErr_NoMemory();
  return false;
}

bool Conversion::refuse_length(const Field & field, std::size_t size) {
  PyErr_Format(PyExc_ValueError, "expected %s%zu values, got %zu",
               field.shape == Shape::kArray ? "" : "at most ", field.length, size);
  return false;
}

void Conversion::name_field() {
  nb::python_error error;  // takes the exception over
  std::string path;
  for (auto step = path_.rbegin(); step != path_.rend(); ++step) {
    if (step->field == nullptr) {
      path += "[" + std::to_string(step->index) + "]";
    } else {
      if (!path.empty()) path += ".";
      path += PyUnicode_AsUTF8(step->field->name);
    }
  }
  nb::handle value = error.value();
  // Exceptions of other classes have arguments of their own.
  for (PyObject * cls : {PyExc_TypeError, PyExc_ValueError}) {
    if (reinterpret_cast<PyObject *>(Py_TYPE(value.ptr())) != cls) continue;
    PyErr_Format(cls, "%s: %S", path.c_str(), value.ptr());
    return;
  }
  add_note(value, "In the field " + path);
  error.restore();
}

}  // namespace

Converted from_python(const Plan & plan, PyObject * message, void * ros_message,
                      Borrowed & borrowed) {
  Conversion conversion(borrowed);
  if (conversion.message(plan, message, ros_message)) return Converted::kYes;
  if (conversion.is_rclpys()) return Converted::kByRclpy;
  conversion.name_field();
  return Converted::kNo;
}

}  // namespace aiorcl
