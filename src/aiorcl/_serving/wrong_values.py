# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What is said of a value that is refused."""

from __future__ import annotations

from aiorcl._core import is_coroutine
from aiorcl._tasks.task import name_of_function


def name_of_type(cls: type) -> str:
    """Return what users write for a class: ``std_srvs.srv.Trigger.Request``."""
    module = cls.__module__.rpartition("._")[0] or cls.__module__
    name = cls.__qualname__
    for part in ("Request", "Response", "Goal", "Result", "Feedback"):
        if name.endswith(f"_{part}") and hasattr(cls, "get_fields_and_field_types"):
            name = f"{name.removesuffix(f'_{part}')}.{part}"
    return name if module == "builtins" else f"{module}.{name}"


def shown(value: object) -> str:
    """Say what a value is, and what was perhaps forgotten."""
    if isinstance(value, type):
        return f"the class {name_of_type(value)} itself"
    if is_coroutine(value):
        value.close()  # or it would complain of never having been awaited
        return f"a coroutine: await {name_of_function(value)}()"
    text = repr(value)
    kind = name_of_type(type(value))
    return f"{text if len(text) <= 100 else text[:97] + '...'} ({kind})"
