# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes of one executor and what is watched of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.do_all import do_all
from aiorcl._loop.mailbox import SingleJob
from aiorcl._rclpy.notes import add_note
from aiorcl._serving import registry
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._serving.naming import name_of
from aiorcl._serving.node import ServedNode, parts_of
from aiorcl._serving.serving import BrokenEntity, Serving

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl._loop.mailbox import Mailbox
    from aiorcl._loop.run import Run
    from aiorcl._loop.shutdown_state import ShutdownState
    from aiorcl._serving.followers import Followers
    from aiorcl._serving.watcher import Watcher
    from aiorcl._tasks.owned_coroutines import OwnedCoroutines
    from aiorcl._tasks.unfetched import Unfetched


class Nodes:
    """Keeps what is watched equal to what the nodes of the executor have.

    On the loop's thread, or on any thread while the executor does not run. A node that is removed
    while nothing runs stays watched, since `rclpy.spin_once` takes it away and brings it back each
    time: until it is removed once more (which is how rclpy says that another executor takes it),
    another executor wants it, it is destroyed, or the executor runs without it.

    :param get_nodes: returns the nodes that the user has added.
    :param has: tells whether a node is among them.
    :param forget: takes a node that was destroyed from them.
    :param on_error: takes what an entity has raised that cannot be watched or let go, after what
        names it.
    """

    def __init__(
        self,
        get_nodes: Callable[[], list[Node]],
        has: Callable[[Node], bool],
        forget: Callable[[Node], object],
        state: ShutdownState,
        watcher: Watcher,
        followers: Followers,
        run: Run,
        mailbox: Mailbox,
        owned: OwnedCoroutines,
        unfetched: Unfetched,
        on_error: Callable[[object, BaseException], None],
    ) -> None:
        self._get_nodes = get_nodes
        self._has = has
        self._forget = forget
        self._state = state
        self._watcher = watcher
        self._on_error = on_error
        self._followers = followers
        self._run = run
        self._mailbox = mailbox
        self._owned = owned
        self._served: ByIdentity[Node, ServedNode] = ByIdentity()
        # Of nodes that add_node brings in just now: it raises them.
        self._raised_by_new: ByIdentity[Node, list[BaseException]] = ByIdentity()
        self._lock = threading.RLock()
        self._looking = False  # guarded by _lock
        self._ended = False
        # Those to look at; True if all that they have is to be compared.
        self._changed: ByIdentity[Node, bool] = ByIdentity()
        # Entities that were destroyed, and are to be let go.
        self._destroyed: deque[Any] = deque()
        # Those to look at when the next run begins: removed while nothing ran, or incomplete.
        self._in_doubt: ByIdentity[Node, bool] = ByIdentity()
        self._look_later = SingleJob(mailbox, self._look)
        self._serving = Serving(
            *(state, followers, mailbox, owned, unfetched, run, watcher, watcher.workers),
            nodes=get_nodes,
            has=has,
            look=self.look,
            look_again=self._look_again,
            look_after=self._look_after,
            node_changed=self.node_changed,
            entity_destroyed=self.entity_destroyed,
            wanted_elsewhere=self.wanted_elsewhere,
            report=self._report,
        )
        registry.note_serving(self._serving)

    def begin(self) -> None:
        """A run begins: watch what is new, let go of what was removed."""
        with self._lock:  # another thread's look, which began before, comes to its end first
            for node in self._in_doubt.objects():
                self._in_doubt.pop(node)
                self._changed.setdefault(node, False)
            self._look()
        self._look()  # at what another thread could not, for the lock

    def wake(self) -> None:
        """Compare all that the nodes have, now where this thread may, else soon.

        Any thread; never blocks.
        """
        for node in (*self._get_nodes(), *self._served.objects()):
            self._changed[node] = True
        self._look_here_or_soon()

    def node_changed(self, node: Node) -> None:
        """Look at what a node has now, here where this thread may, else soon.

        Any thread; never blocks.
        """
        self._changed.setdefault(node, False)
        self._look_here_or_soon()

    def _look_here_or_soon(self) -> None:
        if self._may_look_here():
            self._look()

    def _may_look_here(self) -> bool:
        """False if another thread runs the executor, which looks then: when it ends at the latest.

        Asked again: a run that has ended before it could see the order does not look.
        """
        if self._run.may_act_here():
            return True
        self._look_later.post()
        return self._run.may_act_here()

    def look_at_new(self, node: Node) -> None:
        """Serve a node that was added just now; raise what keeps one of its entities from that.

        Then the node is here no more. On another thread than the loop's the executor hears of it.
        Of a context that is down nothing can be served, and nothing is raised: the spin call that
        comes next says so.
        """
        if not self._run.may_act_here():
            self._look_again(node)
            return
        raised: list[BaseException] = []
        self._raised_by_new[node] = raised
        try:
            self.look(node)
        finally:
            self._raised_by_new.pop(node)
        if raised and not self._state.context_down:
            self._forget(node)
            self.let_go_of(node)
            if self._watcher.is_executor_of(node):
                node.executor = None  # type: ignore[assignment]  # as rclpy's setter takes it
            try:
                raise raised[0]
            finally:
                del raised  # no cycle of the exception and this frame

    def remove(self, node: Node) -> None:
        """Take a node from the executor, or keep it no longer that was taken before.

        Any thread; never blocks.
        """
        if self._has(node):
            self._in_doubt[node] = True  # before: an interrupt comes anywhere
        if not self._forget(node):
            self.let_go_of(node)
            return
        self._in_doubt[node] = True  # a run may have begun or ended on another thread, or does now
        served_node = self._served.get(node)
        if self._run.thread is None and served_node is not None:
            served_node.kept = True
        if self._run.thread is not None:
            self.node_changed(node)

    def let_go_of(self, node: Node) -> None:
        """Keep a node no longer that was removed before. Any thread; never blocks."""
        served_node = self._served.get(node)
        if served_node is not None and not self._has(node):
            served_node.kept = False
            self.node_changed(node)

    def wanted_elsewhere(self, served_node: ServedNode) -> None:
        """Let go of a node for another executor, unless it is on this one. Any thread."""
        node = served_node.node
        if self._has(node):
            if self._watcher.is_executor_of(node):
                return  # whoever takes it says so by remove_node
            self._forget(node)  # two threads have added it at once, and the other one came later
        self.let_go_of(node)

    def look(self, node: Node) -> None:
        """Watch what is new of a node, let go of what is gone; unless another thread does just now.

        Never blocks: rclpy destroys entities under the lock of the context.
        """
        self._changed.setdefault(node, False)
        self._look()

    def _look(self) -> None:
        while (self._changed or self._destroyed) and self._lock.acquire(blocking=False):
            try:
                if self._looking:  # by a callback of rclpy; the outer call looks once more
                    return
                if not self._may_look_here():  # a run has begun on another thread
                    return
                try:
                    self._looking = True
                    self._look_at_changed()
                finally:
                    self._looking = False
            finally:
                self._lock.release()

    def _look_again(self, node: Node) -> None:
        self._changed.setdefault(node, False)
        self._look_later.post()

    def _look_after(self, node: Node, seconds: float) -> None:
        self._in_doubt[node] = True
        loop = self._run.loop
        if self._run.thread is None or loop is None:
            return
        if seconds > 0:
            loop.call_later(seconds, self._look_again, node)
        else:
            self._mailbox.post_job(partial(self.look, node))

    def _look_at_changed(self) -> None:
        for _ in range(len(self._destroyed)):
            self._let_go_of_destroyed(self._destroyed[0])
            self._destroyed.popleft()  # after that: an interrupt comes anywhere
        for node in self._changed.objects():
            # Before: a change during the look is one for the next.
            search = self._changed.pop(node)
            if search is None or self._ended:
                continue
            try:
                self._look_at(node, search=search)
            except BaseException:  # an interrupt, which comes anywhere
                self._changed[node] = True
                raise

    def _look_at(self, node: Node, *, search: bool) -> None:
        destroyed = is_destroyed(node)
        if destroyed:
            self._forget(node)
        served_node = self._served.get(node)
        is_here = self._has(node)
        if served_node is not None and self._leaves(served_node, is_here, destroyed):
            self._remove(served_node, destroyed)
            served_node = None
        if is_here:
            if served_node is None:
                served_node = ServedNode(node, self._serving)
                self._served[node] = served_node
                if self._ended:  # by a finalizer or a signal handler, which did not see it there
                    self._served.pop(node)
                    return
            served_node.kept = False
            served_node.synchronise(search=search)
        elif served_node is not None:
            served_node.let_go_of_gone(search=search)

    def _leaves(self, served_node: ServedNode, is_here: bool, destroyed: bool) -> bool:
        if served_node.ended:  # by a removal that an interrupt has overtaken; it may be here again
            return not self._ended
        if is_here:
            return False
        return destroyed or not served_node.kept or self._run.thread is not None

    def _remove(self, served_node: ServedNode, destroyed: bool) -> None:
        node = served_node.node
        self._in_doubt.pop(node)
        what = "destroyed" if destroyed else "removed from its executor"
        steps: list[Callable[[], object]] = [served_node.close]
        # Only a running executor ends what a node that still exists has under way.
        if destroyed or (self._run.thread is not None and not served_node.kept):
            steps.append(partial(self._owned.cancel_those_of, node, begun=not destroyed))
        # rclpy.spin_once adds and removes the node around each call, perhaps of two nodes in turn:
        # nobody who waits is told of that. Else what is waited for comes no more.
        if destroyed or not served_node.kept:
            reason = f"The node '{name_of(node)}' was {what}"
            steps.append(partial(self._followers.node_gone, node, reason))
        do_all(*steps, partial(self._forget_closed, served_node))

    def _forget_closed(self, served_node: ServedNode) -> None:
        if not served_node.cores():  # else an interrupt has come: the next look begins again
            self._served.pop(served_node.node)

    def entity_destroyed(self, entity: Any) -> None:
        """Let go of an entity that was destroyed. Any thread.

        When it returns no callback of the entity begins any more; on the loop's thread, and while
        nothing runs, it has been let go.
        """
        # rclpy may hold the lock of the context here, so only the GIL is waited for.
        found = registry.served(entity)
        if found is None:
            return
        found.core.mute()
        found.served_node.leaves(entity)
        if self._run.may_act_here() and self._lock.acquire(blocking=False):
            try:
                found.served_node.let_go(entity)
            except BaseException:  # as in _look_at_changed
                self._destroyed.append(entity)
                raise
            finally:
                self._lock.release()
            self._look()  # at what another thread could not meanwhile
        else:
            self._destroyed.append(entity)
            self._look_here_or_soon()
        self._run.let_begin(*parts_of(found.core))

    def _let_go_of_destroyed(self, entity: Any) -> None:
        found = registry.served(entity)
        if found is None:
            return
        if found.served_node.serving is self._serving:
            found.served_node.let_go(entity)
        else:  # it has moved since
            found.served_node.serving.entity_destroyed(entity)

    def watched_now(self) -> list[ServedNode]:
        """Return what is watched now, of each node of the executor. Any thread."""
        return [each for each in self._served.values() if self._has(each.node)]

    def served_now(self) -> list[ServedNode]:
        """Return what is watched now, of nodes that are to be let go, too. Any thread."""
        return self._served.values()

    def look_no_more(self) -> None:
        """Watch nothing new, and let go of nothing."""
        self._ended = True

    def let_go(self, *, keep_for_cleanups: bool = False) -> None:
        """Watch nothing more.

        :param keep_for_cleanups: but yet what coroutines that end may use: see `ServedNode.close`.
        """
        self._ended = True
        reason = self._state.why()
        assert reason is not None  # it has begun to end
        do_all(
            partial(self._close_all, keep_for_cleanups=keep_for_cleanups),
            partial(self._followers.shut_down, reason, finally_=not keep_for_cleanups),
        )

    def _close_all(self, *, keep_for_cleanups: bool) -> None:
        with self._lock:
            steps: list[Callable[[], object]] = [
                partial(each.close, keep_for_cleanups=keep_for_cleanups)
                for each in self._served.values()
            ]
            if not keep_for_cleanups:
                steps += [kept.clear for kept in (self._in_doubt, self._changed, self._served)]
            do_all(*steps)

    def _report(self, source: BrokenEntity, error: BaseException) -> None:
        raised = self._raised_by_new.get(source.node)
        if raised is None:
            self._on_error(source, error)
        else:
            add_note(error, f"In {source.label} of node '{name_of(source.node)}'")
            raised.append(error)
