# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A message as a text of limited length."""

from __future__ import annotations

import reprlib
from typing import Any

from aiorcl._serving.wrong_values import name_of_type

_MAX_CHARACTERS = 500


class _MessageRepr(reprlib.Repr):
    """As ``repr``, which of an image of some megabytes would take seconds, and fill the log."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxstring = self.maxother = 100

    def repr_instance(self, x: Any, level: int) -> str:
        """Show the first elements of what a message holds, and the fields that are messages."""
        cls = type(x)
        if not hasattr(cls, "get_fields_and_field_types"):
            return super().repr_instance(x, level)
        if level <= 0:
            return f"{name_of_type(cls)}(...)"
        fields = (
            f"{name}={self.repr1(getattr(x, name), level - 1)}"
            for name in cls.get_fields_and_field_types()
        )
        return f"{name_of_type(cls)}({', '.join(fields)})"


_repr = _MessageRepr()


def message_text(message: object) -> str:
    """Return a message as ``repr`` shows it, and of large ones the beginning."""
    text = _repr.repr(message)
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}..."
