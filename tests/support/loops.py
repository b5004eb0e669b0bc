# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The kinds of event loops that an executor has to work on.

import asyncio
from collections.abc import Callable

import uvloop

from aiorcl import new_event_loop

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "own": new_event_loop,
    "stock": asyncio.SelectorEventLoop,
    "uvloop": uvloop.new_event_loop,
}
