# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A signal handler comes between any two lines: it closes the stream, or makes another executor.

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING

from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._serving.guards import guards_of
from tests.support.instructions import Between
from tests.support.talker import subscriptions

if TYPE_CHECKING:
    from tests.support.makers import MakeContext, Run


def test_a_stream_is_closed_while_it_is_opened_or_closed(
    run: Run, context: Context, lone: Node
) -> None:
    """Before each line of both, on the same thread: it has ended then, and left nothing."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            for line in itertools.count():
                stream = aiorcl.messages(lone, Int64, "topic")
                closed: list[bool] = []

                def close(
                    stream: aiorcl.MessageStream[Int64] = stream, closed: list[bool] = closed
                ) -> None:
                    closed.append(stream.closed)
                    stream.close()

                sys.settrace(Between("_coroutines/streams", line, close, lines=True))
                try:
                    stream._opened()
                    stream.close()
                finally:
                    sys.settrace(None)
                assert [message async for message in stream] == []
                assert subscriptions(lone) == 0
                if not closed:
                    assert line > 10
                    return

    run(main)


def test_guards_are_made_while_they_are_made(make_context: MakeContext) -> None:
    """Before each line: a context has one of them, or the graph would be told to one at random."""
    for line in itertools.count():
        context, made = make_context(), []

        def make(context: Context = context, made: list[object] = made) -> None:
            made.append(guards_of(context))

        sys.settrace(Between("_serving", line, make, lines=True))
        try:
            guards = guards_of(context)
        finally:
            sys.settrace(None)
        if not made:
            assert line > 5
            return
        assert made == [guards]
