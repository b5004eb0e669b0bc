# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Changes of a node's parameters, as an async iterator."""

from __future__ import annotations

import threading
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

from rclpy.node import Node
from rclpy.parameter import Parameter

from aiorcl._coroutines.arguments import check
from aiorcl._coroutines.streams.stream import Feed, Stream
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._rclpy.private import CALL_POST_SET_CALLBACKS, parameters_of
from aiorcl._serving.followers import on_loop
from aiorcl._serving.registry import served_node_here

if TYPE_CHECKING:
    from collections.abc import Collection

    AnyParameter = Parameter[Any]


class _ChangeFeed(Feed["list[AnyParameter]"]):
    """Takes what was set, on whichever thread that was."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(limit=None)
        self._names = names

    def changed(self, node: Node, parameters: list[AnyParameter]) -> None:
        """Some of the node were set."""
        names = self._names
        wanted = [_now(node, each.name) for each in parameters if not names or each.name in names]
        if wanted and self.reason is None:
            self._items.append(wanted)
            on_loop(self._loop, self._wake_one)


class _Changes:
    """Those who hear what is set of a node, on whichever thread: all streams of it."""

    def __init__(self) -> None:
        self.feeds: dict[_ChangeFeed, None] = {}
        self._lock = threading.RLock()  # a signal handler may set some

    def tell(self, feeds: list[_ChangeFeed], node: Node, parameters: list[AnyParameter]) -> None:
        """Some parameters of the node were set."""
        # Their values of now, under a lock: another callback, or thread, may have set them anew,
        # and the last one that a stream brings has to be what the node has.
        with self._lock:
            for feed in feeds:
                feed.changed(node, parameters)


def _call_callbacks(reference: weakref.ref[Node], parameters: list[AnyParameter]) -> None:
    """Call what is called after a set, whose values the node has by now, and tell the streams.

    Not by a callback of ours among those: rclpy walks their list, from which one would be called
    twice if ours were added meanwhile; and ours would not be called after one that raises.
    """
    node = reference()
    assert node is not None  # whose method this is
    changes = _changes.get(node)
    feeds = [] if changes is None else list(changes.feeds)
    try:
        getattr(type(node), CALL_POST_SET_CALLBACKS)(node, parameters)
    finally:
        if changes is not None:
            changes.tell(feeds, node, parameters)


def _now(node: Node, name: str) -> AnyParameter:
    # Not by get_parameter(), which may be the user's, and refuses to return what has no value: what
    # is raised here is raised by whatever has set the parameter.
    now = parameters_of(node).get(name)
    return Parameter(name) if now is None else now


_changes: ByIdentity[Node, _Changes] = ByIdentity()


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
        changes = _changes.setdefault(self._node, _Changes())
        changes.feeds[feed] = None
        callbacks = partial(_call_callbacks, weakref.ref(self._node))
        setattr(self._node, CALL_POST_SET_CALLBACKS, callbacks)
        feed.owns(partial(changes.feeds.pop, feed, None))
        feed.follow(served_node.serving, self._node, self._node)
        return feed


def parameter_changes(node: Node, *names: str) -> ParameterStream:
    """Return the parameters of a node as they are set: ``async for changed in ...``.

    ``changed`` is the list of those that were set together, as ``set_parameters_atomically`` and
    the services do it, after all callbacks of the node have agreed; a parameter that is declared is
    set, too. Each comes with the value that it has by then, on whichever thread it was set, from
    when the stream is opened; so the last one is what the node has, also where another callback, or
    thread, has set it anew meanwhile. One that was set to the value that it had comes as well, and
    one without a value, such as is declared with no more than its type, with None. What is being
    set while the stream is opened comes, too; it need not, if the node has those values already, as
    in its callbacks that are called after a set.

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
