# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of a service, as an async iterator."""

from __future__ import annotations

import copy
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, Generic

from rclpy.node import Node
from rclpy.qos import QoSProfile, qos_profile_services_default

from aiorcl import _core
from aiorcl._coroutines.arguments import check, check_message, check_service_type
from aiorcl._coroutines.streams.stream import Feed, Stream
from aiorcl._loop.aside import loop_here
from aiorcl._rclpy.typed import OfService, ServiceType, SrvRequestT, SrvResponseT, SrvT_contra
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._serving.followers import EntityGoneError, on_loop
from aiorcl._serving.later_response import LaterResponse
from aiorcl._serving.registry import served_node_here
from aiorcl._serving.report import logger_of
from aiorcl._tasks.groups import LoopCallbackGroup

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from rclpy.service import Service

    from aiorcl._rclpy.typed import ResponseOf


class ServedRequest(Generic[SrvT_contra]):
    """A request that a client has sent; of `aiorcl.requests`.

    For type checkers it is one of a service, ``ServedRequest[SetBool]``, or of any.

    :ivar response: an empty response, to be filled.
    """

    _service: SrvT_contra  # known to type checkers only
    response: ResponseOf[SrvT_contra]

    def __init__(
        self,
        feed: _RequestFeed[Any, Any],
        request: Any,
        response: Any,
        send: Callable[[Any], None],
    ) -> None:
        self._request = request
        self.response = response  # type: ignore[misc]  # of which service is not known here
        self._feed = feed
        self._send = send
        self._responded = False

    @property
    def request(self: OfService[ServiceType[SrvRequestT, Any]]) -> SrvRequestT:
        """What the client asks: the request message."""
        request: SrvRequestT = self._request
        return request

    def respond(
        self: OfService[ServiceType[Any, SrvResponseT]], response: SrvResponseT | None = None
    ) -> None:
        """Send the response to the client; once. Any thread.

        On the loop's thread it is sent when this returns; on another one soon, as it is now.

        :param response: ``self.response`` if None.
        :raises TypeError: if it is of another type, or a field of it.
        :raises ValueError: if a field of it holds what the message cannot.
        :raises EntityGoneError: if the stream was closed, or has ended.
        :raises RuntimeError: the second time.
        """
        self._respond(response)

    def _respond(self, response: Any) -> None:
        feed = self._feed
        if response is None:
            response = self.response  # type: ignore[misc]  # as above
        check_message(response, feed.response_class, f"A response of '{feed.service_name}'")
        feed.response_type.check(response)
        if self._responded:
            raise RuntimeError(f"The request to '{feed.service_name}' has its response already")
        if feed.reason is not None:
            raise EntityGoneError(feed.reason)
        if loop_here() is feed.loop:
            self._send(response)
        else:
            on_loop(feed.loop, self._send, copy.deepcopy(response))
        self._responded = True

    def __del__(self) -> None:
        # Nobody can respond any more. On whichever thread collects it.
        if not getattr(self, "_responded", True):
            self._feed.forgotten()


class _RequestFeed(Feed[ServedRequest[ServiceType[SrvRequestT, SrvResponseT]]]):
    """Takes the requests of a service."""

    def __init__(self, node: Node, response_class: Any, service_name: str) -> None:
        super().__init__(limit=None)
        self.service_name = service_name
        self.response_class = response_class
        self.response_type = _core.MessageType(response_class)
        self._node = weakref.ref(node)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop on which the stream was opened."""
        return self._loop

    def serve(self, request: SrvRequestT, response: SrvResponseT) -> LaterResponse:
        """The callback of the service."""
        return LaterResponse(lambda send: self.put(ServedRequest(self, request, response, send)))

    def forgotten(self) -> None:
        """Nobody can respond to a request any more, which the client does not hear of."""
        node = self._node()
        if self.reason is None and node is not None and not is_destroyed(node):
            logger_of(node).warning(
                f"A request to '{self.service_name}' was dropped without a response: its client "
                "waits on. Call respond() of each that the stream of requests brings"
            )


class RequestStream(Stream[ServedRequest[ServiceType[SrvRequestT, SrvResponseT]]]):
    """The requests of a service; made by `aiorcl.requests`."""

    def __init__(
        self,
        node: Node,
        srv_type: ServiceType[SrvRequestT, SrvResponseT],
        service_name: str,
        qos_profile: QoSProfile,
    ) -> None:
        self._closed = True  # until it is whole
        self._node = node
        self._srv_type: Any = srv_type
        self._service_name = service_name
        self._qos_profile = qos_profile
        self._service: Service[Any, Any] | None = None
        super().__init__()

    def __repr__(self) -> str:
        return f"<RequestStream of '{self._service_name}'{' (closed)' if self._closed else ''}>"

    @property
    def service(self) -> Service[Any, Any]:
        """The service of the stream.

        :raises RuntimeError: before the stream was opened, by ``async with`` or the first request.
        """
        if self._service is None:
            raise RuntimeError(
                f"The stream of '{self._service_name}' is not open yet: enter it by 'async with'"
            )
        return self._service

    def _open(self) -> Feed[ServedRequest[ServiceType[SrvRequestT, SrvResponseT]]]:
        served_node = served_node_here(self._node)
        feed: _RequestFeed[SrvRequestT, SrvResponseT]
        feed = _RequestFeed(self._node, self._srv_type.Response, self._service_name)
        self._service = self._node.create_service(
            *(self._srv_type, self._service_name, feed.serve),
            qos_profile=self._qos_profile,
            callback_group=LoopCallbackGroup(),
        )
        feed.owns(partial(self._node.destroy_service, self._service))
        feed.follow(served_node.serving, self._service, self._node)
        return feed


def requests(
    node: Node,
    srv_type: ServiceType[SrvRequestT, SrvResponseT],
    service_name: str,
    *,
    qos_profile: QoSProfile = qos_profile_services_default,
) -> RequestStream[SrvRequestT, SrvResponseT]:
    """Return the requests of a service: ``async for asked in aiorcl.requests(...)``.

    Instead of a callback, for what serves requests one after the other, or beside other things:

        async for asked in aiorcl.requests(node, SetBool, "light"):
            asked.response.success = await switch(asked.request.data)
            asked.respond()

    The service is there from when the stream is opened until it is closed, or ends, and takes each
    request as it comes; those that wait are kept, however many they are. Each wants one
    ``respond()``, in any order; a client hears nothing of requests that are left when the stream is
    closed, or ends. One that is dropped without a response is named in the log of the node.

    :param node: a node that an `AsyncioExecutor` serves on the running loop when the first request
        is asked for.
    :param qos_profile: of the service.
    :raises rclpy.exceptions.InvalidServiceNameException: when it is opened, if no service can have
        this name.
    :raises TypeError: if an argument is of the wrong kind.
    """
    function = "aiorcl.requests()"
    check(node, Node, function, "a node")
    check_service_type(srv_type, function)
    check(service_name, str, function, "the name of a service as a string")
    check(qos_profile, QoSProfile, function, "a QoSProfile")
    return RequestStream(node, srv_type, service_name, qos_profile)
