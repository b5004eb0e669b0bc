# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How far an executor has come to its end."""

from __future__ import annotations

import threading


class Ends:
    """What has ended of one executor; nothing of it comes back. Any thread.

    :ivar shut_down: nothing new begins.
    :ivar let_go: nothing is left that the middleware could call.
    :ivar context_down: the context was shut down.
    :ivar context_down_outside: and not by a callback of this executor.
    :ivar none_left: set when everything that was under way has ended.
    """

    def __init__(self) -> None:
        self.shut_down = False
        self.let_go = False
        self.context_down = self.context_down_outside = False
        self.none_left = threading.Event()

    def nothing_answers(self) -> bool:
        """True if no request of this executor gets an answer any more."""
        return self.shut_down or self.context_down

    def why(self) -> str | None:
        """Return why nothing is served any more; None while it goes on."""
        if self.context_down:
            return "The context is shut down"
        return "The executor was shut down" if self.shut_down else None
