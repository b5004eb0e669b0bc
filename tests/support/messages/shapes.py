# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Message classes in the shapes that other releases of ROS give them.

from __future__ import annotations

from abc import ABC, ABCMeta, abstractmethod
from typing import Any


class Base(ABC):
    """What message classes of Lyrical derive from: it adds nothing (rosidl_pycommon)."""

    __slots__ = ()

    @classmethod
    @abstractmethod
    def get_fields_and_field_types(cls) -> dict[str, str]:
        """Return the fields and their types."""


def derived(cls: Any) -> Any:
    """Make a class just as ``cls``, whose type support it has, but derived from Base."""
    names = {"__dict__", "__weakref__", *cls.__slots__}
    body = {name: value for name, value in vars(cls).items() if name not in names}
    metaclass: Any = type(type(cls).__name__, (type(cls), ABCMeta), {})
    return metaclass(cls.__name__, (Base,), body)
