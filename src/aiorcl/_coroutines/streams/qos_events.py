# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""QoS events of a publisher or a subscription, as an async iterator."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, overload

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.event_handler import EventHandler, QoSPublisherEventType, QoSSubscriptionEventType
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from aiorcl._coroutines.arguments import check
from aiorcl._coroutines.streams.stream import Feed, Stream
from aiorcl._serving.registry import served, served_node_here

if TYPE_CHECKING:
    from rclpy.event_handler import (
        IncompatibleTypeInfo,
        QoSLivelinessChangedInfo,
        QoSLivelinessLostInfo,
        QoSMessageLostInfo,
        QoSOfferedDeadlineMissedInfo,
        QoSOfferedIncompatibleQoSInfo,
        QoSPublisherMatchedInfo,
        QoSRequestedDeadlineMissedInfo,
        QoSRequestedIncompatibleQoSInfo,
        QoSSubscriptionMatchedInfo,
    )

    EventType: TypeAlias = QoSPublisherEventType | QoSSubscriptionEventType
    Entity: TypeAlias = Publisher[Any] | Subscription[Any]

EventT = TypeVar("EventT")

# Events are counters, so the newest tells of those before it.
_LIMIT = 10


class _Fan:
    """The callback of an event handler: for the streams that listen, and whoever was there before.

    The middleware has one place for each event of an entity: two handlers would each miss some.
    """

    def __init__(self, node: Node, entity: Entity, event_type: EventType) -> None:
        self._node = node
        self._entity = entity
        self.feeds: dict[Feed[Any], None] = {}  # any thread takes its own out
        found = [each for each in entity.event_handlers if each.event_type == event_type]
        self._original: Callable[[Any], Any] | None = None
        if found:
            self._handler = found[0]
            self._original = self._handler.callback
            is_async = inspect.iscoroutinefunction(self._original)
            callback: Any = self.call_async if is_async else self.call
            self._handler.callback = callback
            return
        kind: Any = event_type  # and handle: for a type checker each is of one of two kinds
        handle: Any = entity.handle
        self._handler = EventHandler(
            callback_group=ReentrantCallbackGroup(),  # that is none
            callback=self.call,
            event_type=kind,
            parent_impl=handle,
        )
        entity.event_handlers.append(self._handler)  # goes with the entity
        node.add_waitable(self._handler)

    def call(self, event: Any) -> None:
        for feed in list(self.feeds):
            feed.put(event)
        if self._original is not None:
            self._original(event)

    async def call_async(self, event: Any) -> None:
        for feed in list(self.feeds):
            feed.put(event)
        assert self._original is not None
        await self._original(event)

    def remove(self, feed: Feed[Any]) -> None:
        """The feed has ended; with the last one the handler becomes what it was. Any thread.

        But on the thread on which streams are opened: one that comes meanwhile keeps the handler.
        """
        self.feeds.pop(feed, None)
        if self.feeds:
            return
        found = served(self._handler)
        if found is None:
            self._end()
        else:
            found.served_node.serving.run.do_here_or_order(self._end)

    def _end(self) -> None:
        if self.feeds or getattr(self._handler.callback, "__self__", None) is not self:
            return
        if self._original is not None:
            self._handler.callback = self._original
        elif self._handler in self._entity.event_handlers:
            self._entity.event_handlers.remove(self._handler)
            if self._handler in list(self._node.waitables):
                self._node.remove_waitable(self._handler)
            self._handler.destroy()


def _fan(node: Node, entity: Entity, event_type: EventType) -> _Fan:
    for handler in entity.event_handlers:
        fan = getattr(handler.callback, "__self__", None)
        if handler.event_type == event_type and isinstance(fan, _Fan):
            return fan
    return _Fan(node, entity, event_type)


class EventStream(Stream[EventT]):
    """The QoS events of one kind; made by `aiorcl.qos_events`."""

    def __init__(self, node: Node, entity: Entity, event_type: EventType) -> None:
        self._closed = True  # until it is whole
        if entity not in (*node.publishers, *node.subscriptions):
            raise ValueError(f"{entity!r} is no publisher or subscription of '{node.get_name()}'")
        of_publisher = isinstance(event_type, QoSPublisherEventType)
        if of_publisher is not isinstance(entity, Publisher):
            kind = "publisher" if of_publisher else "subscription"
            raise TypeError(f"{event_type!r} is an event of a {kind}, and {entity!r} is none")
        self._node = node
        self._entity = entity
        self._event_type = event_type
        self._fan: _Fan | None = None
        super().__init__()

    def __repr__(self) -> str:
        return f"<EventStream of {self._event_type.name}{' (closed)' if self._closed else ''}>"

    def _open(self) -> Feed[EventT]:
        served_node = served_node_here(self._node)
        feed: Feed[EventT] = Feed(_LIMIT)
        self._fan = _fan(self._node, self._entity, self._event_type)
        self._fan.feeds[feed] = None
        feed.follow(served_node.serving, self._entity, self._node)
        return feed

    def _destroy(self) -> None:
        if self._fan is not None and self._feed is not None:  # made together
            self._fan.remove(self._feed)


# What each event brings; rclpy hands the same to its callbacks.
@overload
def qos_events(
    node: Node,
    entity: Publisher[Any],
    event_type: Literal[QoSPublisherEventType.RCL_PUBLISHER_OFFERED_DEADLINE_MISSED],
) -> EventStream[QoSOfferedDeadlineMissedInfo]: ...
@overload
def qos_events(
    node: Node,
    entity: Publisher[Any],
    event_type: Literal[QoSPublisherEventType.RCL_PUBLISHER_LIVELINESS_LOST],
) -> EventStream[QoSLivelinessLostInfo]: ...
@overload
def qos_events(
    node: Node,
    entity: Publisher[Any],
    event_type: Literal[QoSPublisherEventType.RCL_PUBLISHER_OFFERED_INCOMPATIBLE_QOS],
) -> EventStream[QoSOfferedIncompatibleQoSInfo]: ...
@overload
def qos_events(
    node: Node,
    entity: Publisher[Any],
    event_type: Literal[QoSPublisherEventType.RCL_PUBLISHER_INCOMPATIBLE_TYPE],
) -> EventStream[IncompatibleTypeInfo]: ...
@overload
def qos_events(
    node: Node,
    entity: Publisher[Any],
    event_type: Literal[QoSPublisherEventType.RCL_PUBLISHER_MATCHED],
) -> EventStream[QoSPublisherMatchedInfo]: ...
@overload
def qos_events(
    node: Node,
    entity: Subscription[Any],
    event_type: Literal[QoSSubscriptionEventType.RCL_SUBSCRIPTION_REQUESTED_DEADLINE_MISSED],
) -> EventStream[QoSRequestedDeadlineMissedInfo]: ...
@overload
def qos_events(
    node: Node,
    entity: Subscription[Any],
    event_type: Literal[QoSSubscriptionEventType.RCL_SUBSCRIPTION_LIVELINESS_CHANGED],
) -> EventStream[QoSLivelinessChangedInfo]: ...
@overload
def qos_events(
    node: Node,
    entity: Subscription[Any],
    event_type: Literal[QoSSubscriptionEventType.RCL_SUBSCRIPTION_REQUESTED_INCOMPATIBLE_QOS],
) -> EventStream[QoSRequestedIncompatibleQoSInfo]: ...
@overload
def qos_events(
    node: Node,
    entity: Subscription[Any],
    event_type: Literal[QoSSubscriptionEventType.RCL_SUBSCRIPTION_MESSAGE_LOST],
) -> EventStream[QoSMessageLostInfo]: ...
@overload
def qos_events(
    node: Node,
    entity: Subscription[Any],
    event_type: Literal[QoSSubscriptionEventType.RCL_SUBSCRIPTION_INCOMPATIBLE_TYPE],
) -> EventStream[IncompatibleTypeInfo]: ...
@overload
def qos_events(
    node: Node,
    entity: Subscription[Any],
    event_type: Literal[QoSSubscriptionEventType.RCL_SUBSCRIPTION_MATCHED],
) -> EventStream[QoSSubscriptionMatchedInfo]: ...
@overload
def qos_events(
    node: Node, entity: Publisher[Any], event_type: QoSPublisherEventType
) -> EventStream[Any]: ...
@overload
def qos_events(
    node: Node, entity: Subscription[Any], event_type: QoSSubscriptionEventType
) -> EventStream[Any]: ...
def qos_events(node: Node, entity: Entity, event_type: EventType) -> EventStream[Any]:
    """Return the QoS events of one kind: ``async for event in aiorcl.qos_events(...)``.

    What it yields is what rclpy hands to an event callback, for example with ``total_count`` and
    ``total_count_change``. Of events that no task takes the newest 10 are kept.

    The stream owns the event handler. An event for which the entity has a callback already,
    rclpy's own warnings of incompatible QoS included, goes to both.

    :param entity: a publisher or subscription of ``node``; a stream's is ``stream.subscription``.
    :param event_type: such as ``QoSSubscriptionEventType.RCL_SUBSCRIPTION_MATCHED`` of
        ``rclpy.event_handler``.
    :raises ValueError: if it is none of ``node``.
    :raises TypeError: if the event is one of the other kind of entity, or an argument is of the
        wrong kind.
    :raises rclpy.event_handler.UnsupportedEventTypeError: with the first event, if the middleware
        has no such event.
    """
    function = "aiorcl.qos_events()"
    check(node, Node, function, "a node")
    check(entity, (Publisher, Subscription), function, "a publisher or a subscription")
    kinds = (QoSPublisherEventType, QoSSubscriptionEventType)
    check(event_type, kinds, function, "a QoSPublisherEventType or a QoSSubscriptionEventType")
    return EventStream(node, entity, event_type)
