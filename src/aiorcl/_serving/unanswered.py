# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Requests that coroutines of an executor send while it ends: some of them nobody answers."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import weakref
from collections.abc import Callable, Iterator, Set
from typing import TYPE_CHECKING, Any

from rclpy.action.client import ActionClient
from rclpy.exceptions import InvalidHandle

from aiorcl._loop.blocks import block
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.shutdown_state import ShutdownState, shutdown_state_of
from aiorcl._loop.weak_methods import weakly
from aiorcl._rclpy.compiled import RCLError
from aiorcl._rclpy.private_actions import action_name_of, forgetter_of, node_of_action
from aiorcl._serving.action_servers import servers_of
from aiorcl._serving.actions import action_of
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._serving.domains import domain_of
from aiorcl._serving.executions import executes
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.node import parts_of
from aiorcl._serving.registry import Served, left_parts_of, nodes_served_so_far, served
from aiorcl._serving.requests_before import may_have_got
from aiorcl._serving.requests_under_way import clients_so_far, requests_of
from aiorcl._serving.stopped_clocks import StoppedClocks
from aiorcl._tasks.awaiters import awaiters_of
from aiorcl._tasks.awaiting import is_awaited_by, is_awaited_on
from aiorcl._tasks.blocked_calls import blocks_thread
from aiorcl._tasks.failure import fail

if TYPE_CHECKING:
    import rclpy.task
    from rclpy.node import Node

    from aiorcl._loop.home import Home
    from aiorcl._loop.run import Run
    from aiorcl._serving.nodes import Nodes
    from aiorcl._tasks.owned_coroutines import OwnedCoroutines

# The time between two looks. What two of them in a row find unanswered is: an answer may be on its
# way, and the graph, or who serves a node, may be about to change.
_LOOK_SEC = 0.15

# Of the services of an action, by what rclpy calls their requests.
_SERVICES = {"goal": "send_goal", "cancel": "cancel_goal", "result": "get_result"}


class _Request:
    """One that is under way.

    :param name: of the service, or of the action.
    :param key: what rclpy calls the requests of this service of an action; None of another one.
    """

    def __init__(
        self, client: Any, node: Node, name: str, key: str | None, future: rclpy.task.Future[Any]
    ) -> None:
        self._client = client
        self._node = node
        self._key = key
        self._action = None if key is None else name
        self._service = name if key is None else f"{name}/_action/{_SERVICES[key]}"
        self.future = future

    def is_heard_by_none(self) -> bool:
        """Tell whether nobody takes what the client gets: its node has left its executor."""
        return served(self._client) is None and _is_on_none(self._node)

    def is_unanswered(self) -> bool:
        """Tell whether nobody is there who would answer whom the end waits for.

        Who blocks a thread is none of these: `Workers` ends such calls, or lets them outlast it. A
        service that its executor has let go, be it this one or another of this process, stays in
        the graph for as long as it exists.
        """
        if blocks_thread(self.future):
            return False
        try:
            return self._node.count_services(self._service) <= self._count_let_go()
        except (InvalidHandle, RCLError):  # the node is gone, or the context
            return True

    def _count_let_go(self) -> int:
        domain = domain_of(self._node.context)
        return sum(
            domain_of(node.context) == domain and self._is_let_go(server, node)
            for node, server in self._servers()
        )

    def _servers(self) -> Iterator[tuple[Node, Any]]:
        """Yield those of this process that an executor of ours serves, or has served."""
        if self._action is not None:
            for server in servers_of(self._action):
                node = node_of_action(server)
                assert node is not None  # of an action
                yield node, server
            return
        for node in nodes_served_so_far():
            for service in list(node.services):
                with contextlib.suppress(InvalidHandle):  # it is destroyed just now
                    if service.service_name == self._service:
                        yield node, service

    def _is_let_go(self, server: Any, node: Node) -> bool:
        found = served(server)
        if found is not None and not found.served_node.serving.context_ends():
            return False
        if self._answers_yet(server, found):
            return False
        return found is not None or _is_on_none(node)

    def _answers_yet(self, server: Any, found: Served | None) -> bool:
        """Tell whether what may have had the request from before is under way."""
        parts = [*left_parts_of(server), *(() if found is None else parts_of(found.core))]
        may_have = [part for part in parts if may_have_got(part, self.future)]
        if any(part.running for part in may_have):
            return True
        return self._key == "result" and executes(server)

    def give_up(self) -> None:
        """Tell whoever awaits the answer that none comes."""
        if served(self._client) is None:
            reason = (
                f"Nobody serves the client of '{self._service}' any more: its node has left its "
                "executor. What coroutines call in their cleanup needs a node that leaves later"
            )
        else:
            reason = (
                f"Nobody serves '{self._service}' any more: its executor has ended, or its server "
                "is gone. What coroutines call in their cleanup has to be served by an executor "
                "that ends later, or be called before the end"
            )
        error = EntityGoneError(reason)
        fail(self.future, error)
        # Whose done callbacks an executor that ends may not run any more.
        if self._key is not None:
            forgetter_of(self._client, self._key)(self.future)
        else:
            self._client.remove_pending_request(self.future)


class Unanswered:
    """What coroutines that clean up wait for in vain; the loop's thread.

    An end lets go of services and action servers before coroutines have ended, and waits for them.
    So requests that nobody answers get an error: who awaits one would never end. And so do sleeps
    on clocks that nobody sets. The mains of a program end before that: while they do, it is looked
    at what they wait for, and nobody else.
    """

    def __init__(
        self, state: ShutdownState, run: Run, nodes: Nodes, owned: OwnedCoroutines, home: Home
    ) -> None:
        self._state = state
        self._run = run
        self._nodes = nodes
        self._owned = owned
        self._home = home
        self._clocks = StoppedClocks()
        self._end_before: Callable[[], Set[asyncio.Task[Any]]] | None = None
        self._looks = False
        self._suspects: list[rclpy.task.Future[Any]] = []
        _unanswered[state] = weakref.ref(self)

    @block
    def looking_for(self, end_before: Callable[[], Set[asyncio.Task[Any]]]) -> Iterator[None]:
        """In the block look at what some tasks ask that end before the executor does.

        :param end_before: returns those that have not ended.
        """
        self._end_before = end_before
        self._look_later()
        try:
            yield
        finally:
            self._end_before = None

    def look_from_now_on(self) -> None:
        """Look until all have ended that may clean up, whenever the loop runs. Idempotent."""
        self._run.do_on_loop(self._look_later)

    def _look_later(self) -> None:
        loop = self._run.loop
        if self._looks or loop is None or self._state.let_go or not self._somebody_cleans_up():
            return
        with contextlib.suppress(RuntimeError):  # it is closed
            # Weakly: a loop of the user's must not keep an executor.
            loop.call_later(_LOOK_SEC, weakly(self._look))
            self._looks = True

    def _somebody_cleans_up(self) -> bool:
        """True for tasks and generators of the user's on a loop of ours, too: it ends them."""
        if not self._state.shut_down:
            return bool(self._tasks_before())
        home = self._home
        return self._owned.remain() or home.tasks_remain() or home.may_have_generators()

    def _look(self) -> None:
        self._looks = False
        loop = self._run.loop
        if loop is None:
            return
        self._clocks.look(loop, [each.node for each in self._nodes.served_now()], self._ends)
        self._clocks.look(loop, _nodes_on_none(), self._ends_by_itself)
        unanswered = [each for each in self._requests() if each.is_unanswered()]
        heard_by_none = _requests_heard_by_none(loop)
        if not self._state.shut_down:
            unanswered = _awaited_by(self._tasks_before(), unanswered + heard_by_none)
        elif self._home.tasks_remain() or self._home.may_have_generators():
            unanswered += heard_by_none
        else:  # on a loop of the user's, where others may have them heard yet
            unanswered += _awaited_by(self._owned.tasks(), heard_by_none)
        self._suspects = _give_up(unanswered, self._suspects)
        self._look_later()

    def _tasks_before(self) -> Set[asyncio.Task[Any]]:
        """Return those that end before the executor; until it does others may wait for long."""
        return frozenset() if self._end_before is None else self._end_before()

    def _ends(self, task: asyncio.Task[Any] | None) -> bool:
        """Tell whether a task is ended, or one awaits it that is."""
        return self._state.shut_down or _is_of(self._tasks_before(), task)

    def _ends_by_itself(self, task: asyncio.Task[Any] | None) -> bool:
        """As `_ends`, but of a task of the executor's: another one on the loop may go on."""
        if not self._state.shut_down or self._home.tasks_remain():  # of a loop of its own
            return self._ends(task)
        return task is not None and self._owned.include({task, *awaiters_of(task)})

    def _requests(self) -> list[_Request]:
        requests: list[_Request] = []
        for served_node in self._nodes.served_now():
            for client in served_node.clients():
                with contextlib.suppress(InvalidHandle):  # it is destroyed just now
                    requests += _requests_of(client, served_node.node)
        return requests


def look_until_ended(loop: asyncio.AbstractEventLoop, tasks: Set[asyncio.Task[Any]]) -> None:
    """While a loop runs, and tasks of it have not ended, whose executors have, look what they ask.

    Requests of nodes that have left their executors, and sleeps on clocks of such that nobody sets,
    get an error: they would never end.
    """
    clocks = StoppedClocks()
    suspects: list[rclpy.task.Future[Any]] = []

    def look() -> None:
        if all(task.done() for task in tasks):
            return
        clocks.look(loop, _nodes_on_none(), functools.partial(_is_of, tasks))
        suspects[:] = _give_up(_requests_heard_by_none(loop), suspects)
        loop.call_later(_LOOK_SEC, look)

    loop.call_later(_LOOK_SEC, look)


def _nodes_on_none() -> list[Node]:
    return [node for node in nodes_served_so_far() if _is_on_none(node)]


def _requests_heard_by_none(loop: asyncio.AbstractEventLoop) -> list[_Request]:
    """Return those of nodes that have left their executors, for which tasks of the loop wait."""
    requests: list[_Request] = []
    for node, client in clients_so_far():
        with contextlib.suppress(InvalidHandle):  # it is destroyed just now
            requests += _requests_of(client, node)
    awaited = [each for each in requests if is_awaited_on(loop, each.future)]
    return [each for each in awaited if each.is_heard_by_none()]


def _awaited_by(tasks: Set[asyncio.Task[Any]], requests: list[_Request]) -> list[_Request]:
    return [each for each in requests if is_awaited_by(tasks, each.future)]


def _give_up(
    unanswered: list[_Request], suspects: list[rclpy.task.Future[Any]]
) -> list[rclpy.task.Future[Any]]:
    """Give up those that were among the suspects of the look before; return those of this one."""
    for request in unanswered:
        if any(request.future is each for each in suspects):
            request.give_up()
    return [each.future for each in unanswered if not each.future.done()]


# Of each executor, by its state, weakly: what it has knows the state.
_unanswered: ByIdentity[ShutdownState, weakref.ref[Unanswered]] = ByIdentity()


def unanswered_of(executor: object) -> Unanswered:
    """Return what looks at the requests of an executor of ours."""
    state = shutdown_state_of(executor)
    assert state is not None
    unanswered = _unanswered[state]()
    assert unanswered is not None  # it goes with the executor
    return unanswered


def _is_on_none(node: Node) -> bool:
    """Tell whether no executor has a node, or one of ours that has ended, or its context has."""
    if is_destroyed(node) or node.executor is None:
        return True
    state = shutdown_state_of(node.executor)
    # Else somebody serves it, or is about to.
    return state is not None and (state.shut_down or state.context_ends())


def _requests_of(client: Any, node: Node) -> Iterator[_Request]:
    for key, future in requests_of(client):
        name = client.service_name if key is None else _name_of_action(client)
        if name is not None:
            yield _Request(client, node, name, key, future)


def _name_of_action(client: ActionClient[Any, Any, Any]) -> str | None:
    action = action_of(client)
    return action_name_of(client) if action is None else action.name


def _is_of(tasks: Set[asyncio.Task[Any]], task: asyncio.Task[Any] | None) -> bool:
    """Tell whether a task is one of these, or one of them awaits it."""
    return task is not None and not tasks.isdisjoint({task, *awaiters_of(task)})
