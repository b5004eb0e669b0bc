# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""QoS events of a publisher or a subscription, as an async iterator."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, overload

from rclpy.event_handler import EventHandler, QoSPublisherEventType, QoSSubscriptionEventType
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from aiorcl._coroutines.arguments import check
from aiorcl._coroutines.streams.stream import Feed, Stream
from aiorcl._serving.registry import served, served_node_here
from aiorcl._tasks.groups import LoopCallbackGroup

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


class _Told:
    """An event handler that was there before: the streams' own tells it, in its own group.

    The middleware has one place for each event of an entity: two handlers would each miss some. So
    this one is driven meanwhile, as a waitable that says by itself when it is ready.
    """

    def __init__(self, node: Node, handler: EventHandler) -> None:
        self._node = node
        self._handler = handler
        self._events: deque[Any] = deque()
        self._on_ready: Callable[[], object] | None = None  # while an executor watches it
        self._is_driven = self._is_ending = False

    def begin(self) -> None:
        if self._is_driven:  # yet
            self._is_ending = False
            return
        self._is_driven = True
        vars(self._handler).update({name: getattr(self, name) for name in _DRIVEN})
        self._watch_again()

    def end(self) -> None:
        """The middleware tells the handler again, when it has heard of all that came before."""
        self._is_ending = True
        if not self._events:
            self._restore()

    def _restore(self) -> None:
        self._is_driven = self._is_ending = False
        for name in _DRIVEN:
            vars(self._handler).pop(name, None)
        self._watch_again()

    def _watch_again(self) -> None:
        if any(each is self._handler for each in self._node.waitables):
            self._node.remove_waitable(self._handler)
            self._node.add_waitable(self._handler)

    def tell(self, event: Any) -> None:
        self._events.append(event)
        if self._on_ready is not None:
            self._on_ready()

    def set_on_ready_callback(self, callback: Callable[[], object]) -> None:
        self._on_ready = callback
        for _ in range(len(self._events)):  # that came while nobody watched it
            callback()

    def clear_on_ready_callback(self) -> None:
        self._on_ready = None

    def take_data(self) -> Any:
        event = self._events.popleft()
        if self._is_ending and not self._events:
            self._restore()
        return event


# What of a handler is ours meanwhile.
_DRIVEN = ("set_on_ready_callback", "clear_on_ready_callback", "take_data")


def _told(node: Node, handler: EventHandler) -> _Told:
    """Return who tells a handler; the same one while it is behind, as its group holds it back."""
    there = getattr(vars(handler).get("take_data"), "__self__", None)
    return there if isinstance(there, _Told) else _Told(node, handler)


class _Fan:
    """The event handler of the streams that listen, and what handlers were there before.

    In no group that could hold it back.
    """

    def __init__(self, node: Node, entity: Entity, event_type: EventType) -> None:
        self._node = node
        self._entity = entity
        self.feeds: dict[Feed[Any], None] = {}  # any thread takes its own out
        kind: Any = event_type  # and handle: for a type checker each is of one of two kinds
        handle: Any = entity.handle
        self._handler = EventHandler(
            callback_group=LoopCallbackGroup(),
            callback=self.call,
            event_type=kind,
            parent_impl=handle,
        )
        there = [each for each in entity.event_handlers if each.event_type == event_type]
        self._told = [_told(node, each) for each in there]
        for told in self._told:  # before the middleware is told of ours
            told.begin()
        entity.event_handlers.append(self._handler)  # goes with the entity
        node.add_waitable(self._handler)

    def call(self, event: Any) -> None:
        for feed in list(self.feeds):
            feed.put(event)
        for told in self._told:
            told.tell(event)

    def remove(self, feed: Feed[Any]) -> None:
        """The feed has ended; with the last one all becomes what it was. Any thread.

        But on the thread on which streams are opened: one that comes meanwhile keeps the handler.
        """
        self.feeds.pop(feed, None)
        if self.feeds:
            return
        found = served(self._handler)
        if found is None:
            self._end()
        else:
            found.served_node.serving.run.do_here_or_post(self._end)

    def _end(self) -> None:
        # The handlers of an entity that goes do so with it: rclpy walks them just now, perhaps on
        # another thread.
        goes = self._entity not in (*self._node.publishers, *self._node.subscriptions)
        if self.feeds or goes or self._handler not in self._entity.event_handlers:
            return
        self._entity.event_handlers.remove(self._handler)
        if self._handler in list(self._node.waitables):
            self._node.remove_waitable(self._handler)
        self._handler.destroy()
        for told in self._told:
            told.end()


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
        super().__init__()

    def __repr__(self) -> str:
        return f"<EventStream of {self._event_type.name}{' (closed)' if self._closed else ''}>"

    def _open(self) -> Feed[EventT]:
        served_node = served_node_here(self._node)
        feed: Feed[EventT] = Feed(_LIMIT)
        fan = _fan(self._node, self._entity, self._event_type)
        fan.feeds[feed] = None
        feed.owns(partial(fan.remove, feed))
        feed.follow(served_node.serving, self._entity, self._node)
        return feed


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
    rclpy's own warnings of incompatible QoS included, goes to both: to the callback in its turn, as
    its group says, and to the stream at once.

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
