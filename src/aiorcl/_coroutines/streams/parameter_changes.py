# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Changes of a node's parameters, as an async iterator."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from rclpy.node import Node

from aiorcl._coroutines.arguments import check
from aiorcl._coroutines.streams.stream import Feed, Stream
from aiorcl._serving.followers import on_loop
from aiorcl._serving.registry import served_node_here

if TYPE_CHECKING:
    from collections.abc import Collection

    from rclpy.parameter import Parameter

    AnyParameter = Parameter[Any]


class _ChangeFeed(Feed["list[AnyParameter]"]):
    """Takes what was set, on whichever thread that was."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(limit=None)
        self._names = names

    def changed(self, parameters: list[AnyParameter]) -> None:
        """The callback of the node."""
        wanted = [each for each in parameters if not self._names or each.name in self._names]
        if wanted and self.reason is None:
            # Here, so that those of several threads keep their order.
            self._items.append(wanted)
            on_loop(self._loop, self._wake_one)


class ParameterStream(Stream["list[AnyParameter]"]):
    """The changes of parameters; made by `aiorcl.parameter_changes`."""

    def __init__(self, node: Node, names: Collection[str]) -> None:
        self._node = node
        self._names = names
        super().__init__()

    def __repr__(self) -> str:
        of = ", ".join(sorted(self._names)) or "all parameters"
        return f"<ParameterStream of {of}{' (closed)' if self._closed else ''}>"

    def _open(self) -> _ChangeFeed:
        served_node = served_node_here(self._node)
        feed = _ChangeFeed(self._names)
        self._node.add_post_set_parameters_callback(feed.changed)
        self._callback = feed.changed
        feed.follow(served_node.serving, self._node, self._node)
        return feed

    def _destroy(self) -> None:
        with contextlib.suppress(ValueError):  # somebody else has removed it
            self._node.remove_post_set_parameters_callback(self._callback)


def parameter_changes(node: Node, *names: str) -> ParameterStream:
    """Return the parameters of a node as they are set: ``async for changed in ...``.

    ``changed`` is the list of those that were set together, as ``set_parameters_atomically`` and
    the services do it, after all callbacks of the node have agreed; a parameter that is declared is
    set, too. In the order in which they were set, on any thread, from when the stream is opened;
    none is left out, and one that was set to the value that it had comes as well.

        async for changed in aiorcl.parameter_changes(node, "rate"):
            rate = changed[0].value

    :param names: of the parameters, without those of the node and its namespace; of all, if none is
        given. Lists in which there is none of them do not come.
    :raises TypeError: if an argument is of the wrong kind.
    """
    function = "aiorcl.parameter_changes()"
    check(node, Node, function, "a node")
    for name in names:
        check(name, str, function, "names of parameters")
    return ParameterStream(node, frozenset(names))
