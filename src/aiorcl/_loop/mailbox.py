# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What any thread has for the one that runs the executor: users' tasks, the executor's orders."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from aiorcl import _core


class Postable(Protocol):
    """A task of the user's."""

    def __call__(self) -> bool:
        """Run it on the loop's thread; False if that ran nothing of the user's yet."""
        ...

    def cancel(self) -> None:
        """End it before it has begun. Any thread."""
        ...


class Mailbox:
    """Tasks take their turns between the callbacks of entities, in their order, one at a time.

    Orders, the executor's own work, go before all that is ready, and are done all at once. A task
    that comes after ``refuse_tasks`` is cancelled: each is either run, or cancelled by the end, or
    refused. Any thread, also inside a finalizer or a signal handler: no lock is held, so none can
    be held already.
    """

    def __init__(self, dispatcher: _core.Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._tasks: deque[Postable] = deque()
        self._orders: deque[Callable[[], object]] = deque()
        #: One item for each order of another thread that the run has to do before it ends.
        self.due: deque[None] = deque()
        self._refuses = False
        #: Whose statistics are those of tasks.
        self.entity = _core.Posted(dispatcher, self._tasks)
        self._own = _core.Orders(dispatcher, self.do_orders)

    def post_task(self, task: Postable) -> None:
        """Run a task in its turn, or cancel it if there will be none."""
        self._tasks.append(task)
        # In this order: what is appended before the flag is set is found by cancel_tasks().
        if self._refuses:
            self._refuse_last()
        else:
            self.entity.post()

    def _refuse_last(self) -> None:
        # One and no more: what cancel_tasks() cancels posts its done callbacks, which are refused
        # inside of that, and would each cancel the next of those that wait, at a depth of its own.
        try:
            task = self._tasks.pop()
        except IndexError:
            return  # another thread was faster
        task.cancel()

    def refuse_tasks(self) -> None:
        """From now on tasks are cancelled, those that wait included."""
        self._refuses = True
        self.cancel_tasks()

    def cancel_tasks(self) -> None:
        """Cancel the tasks that have not begun."""
        while self._tasks:
            try:
                task = self._tasks.popleft()
            except IndexError:
                return  # another thread was faster
            task.cancel()

    def order(self, order: Callable[[], object], *, first: bool = False) -> None:
        """Have the loop's thread do something of the executor's own, after what it does now.

        What another thread orders is done before the run ends. If nothing runs, in the next one.
        """
        if first:
            self._orders.appendleft(order)
        else:
            self._orders.append(order)
        self._own.post()
        self.ordered()

    def ordered(self) -> None:
        """Have what is ordered done before the run ends, if this is another thread."""
        # After the order: whoever empties this first finds it.
        if not self._dispatcher.runs_here():
            self.due.append(None)

    def do_orders(self) -> None:
        """Do what was ordered so far, and after one callback of others what came meanwhile.

        What a KeyboardInterrupt comes into is done once more: an order stays until it is done.
        """
        self.due.clear()
        try:
            for order in self._heads(len(self._orders)):
                try:
                    order()
                except KeyboardInterrupt:
                    raise
                except BaseException:
                    self._strike_out(order)
                    raise
                self._strike_out(order)
        finally:
            self.post_orders()

    def _heads(self, count: int) -> Iterator[Callable[[], object]]:
        for _ in range(count):
            try:
                yield self._orders[0]
            except IndexError:
                return  # the last one has made forget_orders() do its work

    def _strike_out(self, order: Callable[[], object]) -> None:
        # Where another thread has put an equal one before it meanwhile, one of both stays.
        with contextlib.suppress(ValueError):
            self._orders.remove(order)

    def post_orders(self) -> None:
        """Have the run do what is ordered, if anything is."""
        if self._orders:
            self._own.post()

    def forget_orders(self) -> None:
        """Do nothing of what was ordered so far."""
        self._orders.clear()
        self.due.clear()

    def close(self) -> None:
        """Nothing is run any more."""
        self.forget_orders()
        self._own.close()
        self.entity.close()


class SingleOrder:
    """An order that is pending once at most: what comes meanwhile is seen when it is done."""

    def __init__(self, mailbox: Mailbox, order: Callable[[], Any]) -> None:
        self._mailbox = mailbox
        self._order = order
        self._pending = False

    def post(self) -> None:
        """Any thread."""
        if not self._pending:
            try:
                self._pending = True
                self._mailbox.order(self._do)
            except BaseException:  # an interrupt
                self._pending = False
                raise
        else:
            self._mailbox.ordered()

    def _do(self) -> None:
        self._pending = False  # before: a change during the order is one for the next
        self._order()
