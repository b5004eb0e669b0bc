# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# For all processes of the tests in asyncio's debug mode: what is slow there is no fault.
#
# Its warnings would be on stderr, where tests expect nothing; and it is the machine that is slow.
# Python imports this by its name, as the directory is in PYTHONPATH.

from __future__ import annotations

import asyncio.base_events
from typing import Any

_EVER_SEC = 3600.0


def _call_nothing_slow(cls: Any) -> None:
    of_cls = cls.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        of_cls(self, *args, **kwargs)
        self.slow_callback_duration = _EVER_SEC

    cls.__init__ = init


_call_nothing_slow(asyncio.base_events.BaseEventLoop)
try:
    import uvloop
except ImportError:
    pass
else:  # whose loops are of no class of asyncio's
    _call_nothing_slow(uvloop.Loop)
