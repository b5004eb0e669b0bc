# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A response that whoever has the request sends, when it likes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NoReturn


class LaterResponse(Coroutine[Any, Any, NoReturn]):
    """What a callback of a service returns for it.

    A coroutine by its class, which is how the dispatcher knows that the response comes later; but
    nobody runs it.
    """

    def __init__(self, take: Callable[[Callable[[Any], None]], object]) -> None:
        #: Called once, before the callback counts as ended, with what sends the response: on the
        #: loop's thread; raises what is wrong with it.
        self.take = take

    def send(self, value: Any) -> NoReturn:
        raise NotImplementedError

    def throw(self, *error: Any) -> NoReturn:
        raise NotImplementedError

    def close(self) -> None:
        pass

    def __await__(self) -> NoReturn:
        raise NotImplementedError
