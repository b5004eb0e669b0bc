// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A message type compiled, from its introspection type support.
#include "messages/plan.hpp"

#include <rosidl_runtime_c/message_type_support_struct.h>
#include <rosidl_runtime_c/string.h>
#include <rosidl_runtime_c/u16string.h>
#include <rosidl_typesupport_introspection_c/field_types.h>
#include <rosidl_typesupport_introspection_c/identifier.h>
#include <structmember.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "messages/arrays.hpp"
#include "messages/sequence.hpp"
#include "python/private_names.hpp"
#include "rcl_error.hpp"

namespace nb = nanobind;

namespace aiorcl {

namespace {

using Member = rosidl_typesupport_introspection_c__MessageMember;
using Members = rosidl_typesupport_introspection_c__MessageMembers;

struct ElementType {
  std::uint8_t type_id;
  Element element;
  std::size_t size;
};

// Not here: char and wchar of .idl files, and long double, which no .msg file can have.
constexpr ElementType kElements[] = {
    {rosidl_typesupport_introspection_c__ROS_TYPE_BOOLEAN, Element::kBool, sizeof(bool)},
    {rosidl_typesupport_introspection_c__ROS_TYPE_OCTET, Element::kOctet, 1},
    {rosidl_typesupport_introspection_c__ROS_TYPE_FLOAT, Element::kFloat32, sizeof(float)},
    {rosidl_typesupport_introspection_c__ROS_TYPE_DOUBLE, Element::kFloat64, sizeof(double)},
    {rosidl_typesupport_introspection_c__ROS_TYPE_INT8, Element::kInt8, 1},
    {rosidl_typesupport_introspection_c__ROS_TYPE_UINT8, Element::kUint8, 1},
    {rosidl_typesupport_introspection_c__ROS_TYPE_INT16, Element::kInt16, 2},
    {rosidl_typesupport_introspection_c__ROS_TYPE_UINT16, Element::kUint16, 2},
    {rosidl_typesupport_introspection_c__ROS_TYPE_INT32, Element::kInt32, 4},
    {rosidl_typesupport_introspection_c__ROS_TYPE_UINT32, Element::kUint32, 4},
    {rosidl_typesupport_introspection_c__ROS_TYPE_INT64, Element::kInt64, 8},
    {rosidl_typesupport_introspection_c__ROS_TYPE_UINT64, Element::kUint64, 8},
    {rosidl_typesupport_introspection_c__ROS_TYPE_STRING, Element::kString,
     sizeof(rosidl_runtime_c__String)},
    {rosidl_typesupport_introspection_c__ROS_TYPE_WSTRING, Element::kWString,
     sizeof(rosidl_runtime_c__U16String)},
    {rosidl_typesupport_introspection_c__ROS_TYPE_MESSAGE, Element::kMessage, 0},
};
static_assert(std::size(kElements) == kElementKinds);
static_assert(kElements[kElementKinds - 1].element == Element::kMessage);

// What stands in the struct of an empty message, because C has no empty structs.
constexpr std::string_view kFiller = "structure_needs_at_least_one_member";

// As many as calls of one type may be under way at once; more are freed after use.
constexpr std::size_t kSpareStructs = 4;

const Members * members_of(const rosidl_message_type_support_t * type_support) {
  const rosidl_message_type_support_t * introspection =
      type_support->func(type_support, rosidl_typesupport_introspection_c__identifier);
  if (introspection == nullptr) {
    ignore(RCL_RET_ERROR);  // it may have left an error behind
    return nullptr;
  }
  return static_cast<const Members *>(introspection->data);
}

/// "geometry_msgs__msg" with another separator.
std::string namespace_of(const Members & members, const char * separator) {
  std::string name = members.message_namespace_;
  for (std::size_t at; (at = name.find("__")) != std::string::npos;) name.replace(at, 2, separator);
  return name;
}

/// The Python class of an interface, which is where rosidl_generator_py put it: in the module of
/// the file that it was declared in. Classes of services and actions have their names behind that
/// of the file: Fibonacci_SendGoal_Request.
nb::object class_of(const Members & members) {
  const std::string name = members.message_name_;
  nb::object file = nb::module_::import_(namespace_of(members, ".").c_str())
                        .attr(name.substr(0, name.find('_')).c_str());
  return nb::module_::import_(nb::str(file.attr("__module__")).c_str()).attr(name.c_str());
}

/// The offset of a slot of the class's own, or 0.
std::size_t slot_of(PyTypeObject * cls, const std::string & name) {
  nb::object descriptor = nb::handle(reinterpret_cast<PyObject *>(cls))
                              .attr("__dict__")
                              .attr("get")(name.c_str(), nb::none());
  if (Py_TYPE(descriptor.ptr()) != &PyMemberDescr_Type) return 0;
  return static_cast<std::size_t>(
      reinterpret_cast<PyMemberDescrObject *>(descriptor.ptr())->d_member->offset);
}

/// Why a class has no plan.
class NoPlan : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Whether a class has no plan for good: the classes of its fields are not where they are looked
/// for. The next attempt may do better after Ctrl-C, and where memory or stack were short.
bool says_no_plan(const nb::python_error & error) {
  return error.matches(PyExc_Exception) && !error.matches(PyExc_MemoryError) &&
         !error.matches(PyExc_RecursionError);
}

}  // namespace

const Plan::Found & Plan::of(nb::handle cls) {
  // Never freed, and each holds its class: a plan is found by the address of the class.
  static auto & plans = *new std::unordered_map<PyObject *, Found>;
  auto known = plans.find(cls.ptr());
  if (known == plans.end()) {
    Found found;
    std::unique_ptr<Plan> plan(new Plan);
    try {
      plan->compile(cls);
      found.plan = std::move(plan);
    } catch (const NoPlan & error) {
      found.why_not = error.what();
    } catch (const nb::python_error & error) {
      if (!says_no_plan(error)) throw;
      found.why_not = error.what();
    }
    cls.inc_ref();
    known = plans.emplace(cls.ptr(), std::move(found)).first;
  }
  return known->second;
}

void Plan::compile(nb::handle cls) {
  if (!PyType_Check(cls.ptr())) throw NoPlan("not a class");
  cls_ = reinterpret_cast<PyTypeObject *>(cls.ptr());
  nb::handle metaclass = cls.type();
  if (!nb::hasattr(metaclass, message_metaclass::kTypeSupport)) throw NoPlan("not a message");
  // Bases that add nothing are those of rosidl_pycommon, since Lyrical.
  if (cls_->tp_base->tp_basicsize != PyBaseObject_Type.tp_basicsize || cls_->tp_dictoffset != 0) {
    throw NoPlan("a subclass of a message's class");
  }
  if (metaclass.attr(message_metaclass::kTypeSupport).is_none())
    metaclass.attr("__import_type_support__")();
  nb::object capsule = metaclass.attr(message_metaclass::kTypeSupport);
  if (!PyCapsule_CheckExact(capsule.ptr())) throw NoPlan("its type support cannot be imported");
  members_ = members_of(static_cast<const rosidl_message_type_support_t *>(
      PyCapsule_GetPointer(capsule.ptr(), PyCapsule_GetName(capsule.ptr()))));
  if (members_ == nullptr) throw NoPlan("it has no introspection type support");

  check_fields_slot_ = slot_of(cls_, message_slots::kCheckFields);
  if (check_fields_slot_ == 0) throw NoPlan("its class has other slots");
  // As the constructor does: what the environment said when the module was imported.
  nb::object module = nb::module_::import_(nb::str(cls.attr("__module__")).c_str());
  const bool checked = module.attr("ros_python_check_fields").equal(nb::str("1"));
  check_fields_ = checked ? Py_True : Py_False;
  for (std::uint32_t i = 0; i < members_->member_count_; ++i) {
    if (members_->members_[i].name_ != kFiller) add(members_->members_[i]);
  }
  spare_.reserve(kSpareStructs);
  const std::size_t slots = fields_.size() + 1;
  if (cls_->tp_basicsize !=
      static_cast<Py_ssize_t>(sizeof(PyObject) + slots * sizeof(PyObject *))) {
    throw NoPlan("its class has other slots");
  }
}

void Plan::add(const Member & member) {
  Field field{};
  const std::string where = std::string("its field ") + member.name_ + ": ";
  const auto * type =
      std::find_if(std::begin(kElements), std::end(kElements),
                   [&](const auto & row) { return row.type_id == member.type_id_; });
  if (type == std::end(kElements)) throw NoPlan(where + "of a type that no .msg file can have");
  field.element = type->element;
  field.item_size = type->size;
  field.offset = member.offset_;
  field.slot = slot_of(cls_, std::string(message_slots::kOfField) + member.name_);
  if (field.slot == 0) throw NoPlan(where + "its class has no slot for it");
  field.name = PyUnicode_InternFromString(member.name_);
  if (field.name == nullptr) nb::raise_python_error();
  field.string_bound = member.string_upper_bound_ == 0 ? kUnbounded : member.string_upper_bound_;
  if (member.is_array_) {
    const bool fixed = member.array_size_ != 0 && !member.is_upper_bound_;
    field.shape = fixed ? Shape::kArray : Shape::kSequence;
    field.length = member.array_size_ == 0 ? kUnbounded : member.array_size_;
    field.resize = member.resize_function;
    field.may_be_buffer = ByteBuffer::kMayBe && field.shape == Shape::kSequence &&
                          field.element == Element::kUint8 && field.length == kUnbounded;
    may_hold_buffers_ |= field.may_be_buffer;
  }
  if (field.element == Element::kMessage) {
    const Members * nested = members_of(member.members_);
    if (nested == nullptr) throw NoPlan(where + "it has no introspection type support");
    const Found & found = of(class_of(*nested));
    if (found.plan == nullptr) throw NoPlan(where + found.why_not);
    field.nested = found.plan.get();
    field.item_size = nested->size_of_;
    may_hold_buffers_ |= field.nested->may_hold_buffers_;
  }
  if (field.shape == Shape::kArray && field.is_numeric() && !import_numpy()) {
    nb::raise_python_error();
  }
  if (field.shape == Shape::kSequence && field.element < Element::kString) {
    bulk_.push_back(fields_.size());
  }
  fields_.push_back(field);
}

std::string Plan::name() const {
  return namespace_of(*members_, "/") + "/" + members_->message_name_;
}

std::size_t Plan::bulk_of(const void * ros_message) const noexcept {
  std::size_t bytes = 0;
  for (std::size_t index : bulk_) {
    const Field & field = fields_[index];
    const auto * sequence =
        reinterpret_cast<const Sequence *>(static_cast<const char *>(ros_message) + field.offset);
    if (!field.may_be_buffer || !ByteBuffer::is(sequence)) {
      bytes += sequence->size * field.item_size;
    }
  }
  return bytes;
}

void * Plan::acquire() const noexcept {
  if (!spare_.empty()) {
    void * ros_message = spare_.back();
    spare_.pop_back();
    return ros_message;
  }
  void * ros_message = std::calloc(1, members_->size_of_);
  if (ros_message != nullptr) {
    members_->init_function(ros_message, ROSIDL_RUNTIME_C_MSG_INIT_ALL);
  }
  return ros_message;
}

void Plan::release(void * ros_message) const noexcept {
  if (spare_.size() < spare_.capacity()) {
    spare_.push_back(ros_message);
    return;
  }
  discard(ros_message);
}

void Plan::discard(void * ros_message) const noexcept {
  members_->fini_function(ros_message);
  std::free(ros_message);
}

}  // namespace aiorcl
