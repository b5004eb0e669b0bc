# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Actions as plain asyncio: a goal as a block of its client, and as a coroutine of its server.

Imports what ``_coroutines`` may, and of that what all of it shares, and the feed of streams.
Invariant: when the block or the coroutine has ended the goal has, too.
"""
