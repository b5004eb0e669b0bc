# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Buffers, and functions that convert a message which holds one, as those of Lyrical do.

from __future__ import annotations

import ctypes
from typing import Any

from layout_msgs.msg import UInt8MultiArray

from aiorcl._core import MessageType, RosMessage


class Buffer:
    """What a sequence of bytes may hold instead of them, wherever they are."""


Buffer.__module__ = "rosidl_buffer"


class Bytes(ctypes.Structure):
    """rosidl_runtime_c__uint8__Sequence."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
        ("is_rosidl_buffer", ctypes.c_bool),
        ("owns_rosidl_buffer", ctypes.c_bool),
    ]


class Struct(ctypes.Structure):
    """layout_msgs__msg__UInt8MultiArray."""

    _fields_ = [
        ("dimensions", ctypes.c_void_p * 3),
        ("data_offset", ctypes.c_uint32),
        ("data", Bytes),
    ]


CREATE = ctypes.PYFUNCTYPE(ctypes.c_void_p)
DESTROY = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
FROM_PYTHON = ctypes.PYFUNCTYPE(ctypes.c_bool, ctypes.py_object, ctypes.POINTER(Struct))
TO_PYTHON = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(Struct))

_api = ctypes.pythonapi
_api.PyCapsule_New.restype = ctypes.py_object
_api.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_api.Py_IncRef.argtypes = [ctypes.py_object]
_api.PyCapsule_GetPointer.restype = ctypes.c_void_p
_api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
_api.PyCapsule_GetName.restype = ctypes.c_char_p
_api.PyCapsule_GetName.argtypes = [ctypes.py_object]


def pointer_of(capsule: Any) -> int:
    """Return what a capsule holds."""
    found: int = _api.PyCapsule_GetPointer(capsule, _api.PyCapsule_GetName(capsule))
    return found


class Functions:
    """A class of messages whose functions note that they are called, and know buffers.

    :ivar fails: to_python() returns nothing, and leaves the buffer where it is.
    """

    def __init__(self) -> None:
        self.called: list[str] = []
        self.fails = False
        metaclass = type(UInt8MultiArray)
        MessageType(UInt8MultiArray)  # imports its type support
        self._create = CREATE(pointer_of(metaclass._CREATE_ROS_MESSAGE))
        self._destroy = DESTROY(pointer_of(metaclass._DESTROY_ROS_MESSAGE))
        self._kept = {
            "_CREATE_ROS_MESSAGE": CREATE(self.create),
            "_DESTROY_ROS_MESSAGE": DESTROY(self.destroy),
            "_CONVERT_FROM_PY": FROM_PYTHON(self.from_python),
            "_CONVERT_TO_PY": TO_PYTHON(self.to_python),
        }
        capsules = {
            name: _api.PyCapsule_New(ctypes.cast(function, ctypes.c_void_p), None, None)
            for name, function in self._kept.items()
        }
        names = {"__dict__", "__weakref__", *UInt8MultiArray.__slots__}
        body = {name: value for name, value in vars(UInt8MultiArray).items() if name not in names}
        ours: Any = type(metaclass.__name__, (metaclass,), capsules)
        self.cls: Any = ours(UInt8MultiArray.__name__, (), body)
        self.kind = MessageType(self.cls, use_plan=True)
        assert self.kind.has_plan

    def create(self) -> int:
        """Make a struct."""
        self.called.append("create")
        return int(self._create())

    def destroy(self, struct: int) -> None:
        """Free it; the buffer is somebody else's."""
        self.called.append("destroy")
        self._destroy(struct)

    def from_python(self, message: Any, struct: Any) -> bool:
        """Note the buffer in the struct."""
        self.called.append("from_python")
        assert isinstance(message.data, Buffer)
        struct.contents.data.is_rosidl_buffer = True
        return True

    def to_python(self, struct: Any) -> int | None:
        """Take the buffer out of the struct."""
        self.called.append("to_python")
        if self.fails:
            return None
        assert struct.contents.data.is_rosidl_buffer
        struct.contents.data.is_rosidl_buffer = False
        message = self.cls()
        message._data = Buffer()
        _api.Py_IncRef(message)
        return id(message)

    def data_of(self, ros_message: RosMessage) -> Any:
        """Return what the field is in Python."""
        message: Any = ros_message.to_python(self.kind)
        return message.data

    def hold_buffer(self, ros_message: RosMessage) -> None:
        """Put one into a struct, as the middleware does."""
        Struct.from_address(ros_message.address).data.is_rosidl_buffer = True

    def holds_buffer(self, ros_message: RosMessage) -> bool:
        """Whether one is in a struct."""
        return bool(Struct.from_address(ros_message.address).data.is_rosidl_buffer)
