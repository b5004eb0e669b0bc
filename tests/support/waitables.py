# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Waitables as users write them: for wait sets, and some that say themselves when they are ready.

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy.callback_groups import CallbackGroup, ReentrantCallbackGroup
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.task import Future
from rclpy.type_support import check_is_valid_msg_type
from rclpy.waitable import NumberOfEntities, Waitable
from std_msgs.msg import Int64

if TYPE_CHECKING:
    _Waitable = Waitable[Any]
else:  # not generic at run time on Jazzy
    _Waitable = Waitable


class OneEntity(_Waitable):
    """A waitable as users write them for wait sets, with one entity of rclpy's in it."""

    KIND = ""

    def __init__(self, node: Node, entity: Any, group: CallbackGroup | None = None) -> None:
        super().__init__(group or ReentrantCallbackGroup())
        self.entity = entity
        self.index: int | None = None
        self.executed: list[Any] = []
        self.on_executed: Callable[[], object] = lambda: None
        self.may_end: Future[Any] | None = None
        self.error: Exception | None = None
        self.take_error: Exception | None = None
        node.add_waitable(self)

    def __enter__(self) -> None:
        self.entity.__enter__()

    def __exit__(self, *error: Any) -> None:
        self.entity.__exit__(*error)

    def is_ready(self, wait_set: Any) -> bool:
        """Tell whether the entity is ready in the wait set."""
        return self.index is not None and wait_set.is_ready(self.KIND, self.index)

    async def execute(self, taken_data: Any) -> None:
        """Note what was taken; after that raise or wait, if told so."""
        self.executed.append(taken_data)
        self.on_executed()
        if self.error is not None:
            raise self.error
        if self.may_end is not None:
            await self.may_end


class Inbox(OneEntity):
    """Takes what any thread puts into it."""

    KIND = "guard_condition"

    def __init__(self, node: Node, group: CallbackGroup | None = None) -> None:
        assert node.context.handle is not None
        with node.context.handle:
            guard = _rclpy.GuardCondition(node.context.handle)
        self.items: deque[Any] = deque()
        super().__init__(node, guard, group)

    def put(self, item: Any) -> None:
        """Put something in. Any thread."""
        self.items.append(item)
        self.entity.trigger_guard_condition()

    def is_ready(self, wait_set: Any) -> bool:
        """Tell whether there is something: a trigger may come late for what was taken before."""
        return super().is_ready(wait_set) and bool(self.items)

    def take_data(self) -> Any:
        """Take the oldest, and be ready again if there is more."""
        if self.take_error is not None:
            raise self.take_error
        item = self.items.popleft()
        if self.items:
            self.entity.trigger_guard_condition()
        return item

    def get_num_entities(self) -> NumberOfEntities:
        """Count the guard condition."""
        return NumberOfEntities(num_gcs=1)

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Add the guard condition."""
        self.index = wait_set.add_guard_condition(self.entity)


class OwnHandle:
    """What a user's waitable calls its handle: a file, say, which a ``with`` closes."""

    def __init__(self) -> None:
        self.closed = False

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        self.closed = True


class Listener(OneEntity):
    """Takes the messages of a subscription of its own."""

    KIND = "subscription"

    def __init__(self, node: Node) -> None:
        check_is_valid_msg_type(Int64)
        with node.handle:
            qos = QoSProfile(depth=10).get_c_qos_profile()
            subscription = _rclpy.Subscription(node.handle, Int64, "topic", qos)
        super().__init__(node, subscription)

    def take_data(self) -> Any:
        """Take one message."""
        return self.entity.take_message(Int64, False)[0].data

    def get_num_entities(self) -> NumberOfEntities:
        """Count the subscription."""
        return NumberOfEntities(num_subs=1)

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Add the subscription."""
        self.index = wait_set.add_subscription(self.entity)


class Ticker(OneEntity):
    """Takes the calls of a timer of its own."""

    KIND = "timer"

    def __init__(self, node: Node) -> None:
        self.clock = Clock(clock_type=ClockType.STEADY_TIME)
        assert node.context.handle is not None
        with self.clock.handle, node.context.handle:
            timer = _rclpy.Timer(self.clock.handle, node.context.handle, 2_000_000, True)
        super().__init__(node, timer)

    def take_data(self) -> Any:
        """Call the timer."""
        with self.entity:
            self.entity.call_timer()
        return "tick"

    def get_num_entities(self) -> NumberOfEntities:
        """Count the timer."""
        return NumberOfEntities(num_timers=1)

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Add the timer."""
        self.index = wait_set.add_timer(self.entity)


class DrivenInbox(Inbox):
    """An inbox that says itself when it is ready, as rclcpp's waitables do."""

    def __init__(self, node: Node, group: CallbackGroup | None = None) -> None:
        self.on_ready: Callable[[int], None] | None = None
        self.in_wait_sets = 0
        super().__init__(node, group)

    def set_on_ready_callback(self, callback: Callable[[int], None]) -> None:
        """Call it with the number of new items, and now with what is there already."""
        self.on_ready = callback
        if self.items:
            callback(len(self.items))

    def clear_on_ready_callback(self) -> None:
        """Call it no more; those with wait sets hear of what is left."""
        self.on_ready = None
        if self.items:
            self.entity.trigger_guard_condition()

    def put(self, item: Any) -> None:
        """Put something in. Any thread."""
        self.put_all([item])

    def put_all(self, items: list[Any]) -> None:
        """Put several in at a time."""
        self.items.extend(items)
        if self.on_ready is not None:
            self.on_ready(len(items))
        else:
            self.entity.trigger_guard_condition()

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Count what a driven waitable has no need of."""
        self.in_wait_sets += 1
        super().add_to_wait_set(wait_set)
