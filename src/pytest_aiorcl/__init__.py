# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The fixtures of aiorcl for pytest, which finds them by their entry point.

A package of its own: pytest imports it in every run, also where no ROS is sourced, and so it
imports nothing of ROS before a test asks for a fixture.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import os
import re
import socket
import unittest
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rclpy.context import Context
    from rclpy.node import Node

    from aiorcl import AsyncioExecutor

# Ids above 101 would need ports that Linux gives to outgoing connections; 0 is everybody's.
_DOMAIN_IDS = range(1, 102)

_executor: pytest.StashKey[AsyncioExecutor] = pytest.StashKey()


@pytest.fixture
def ros_domain_id() -> Iterator[int]:
    """A ROS domain that no other test on this machine uses meanwhile, whichever process runs it.

    ``ROS_DOMAIN_ID`` is that, too, for the processes that the test starts.
    """
    with (
        pytest.MonkeyPatch.context() as patch,
        # A name in Linux' abstract namespace is free again when its process ends.
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as held,
    ):
        number = _hold_one(held)
        patch.setenv("ROS_DOMAIN_ID", str(number))
        yield number


def _hold_one(held: socket.socket) -> int:
    first = os.getpid() % len(_DOMAIN_IDS)  # runs that begin together meet less often
    for number in itertools.islice(itertools.cycle(_DOMAIN_IDS), first, first + len(_DOMAIN_IDS)):
        try:
            held.bind(f"\0aiorcl-domain-{number}")
        except OSError:
            continue
        return number
    pytest.fail("Every ROS domain is held by a test on this machine")


@pytest.fixture
def ros_context(ros_domain_id: int) -> Iterator[Context]:
    """rclpy's default context, initialised for this test alone, in a domain of its own.

    Nodes need not be told of it. It goes down with the test, whatever its nodes raise then.
    """
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    from aiorcl._program.node_ends import end_ros

    if rclpy.ok():
        pytest.fail(
            "The fixture ros_context initialises ROS, but it is initialised already: by a fixture "
            "of yours, or by a test that has not shut it down?"
        )
    rclpy.init(args=[], domain_id=ros_domain_id, signal_handler_options=SignalHandlerOptions.NO)
    context = rclpy.get_default_context()
    yield context
    end_ros(context, is_default=True)


@pytest.fixture
def ros_executor(ros_context: Context, request: pytest.FixtureRequest) -> Iterator[AsyncioExecutor]:
    """An AsyncioExecutor of this test alone.

    A test that is a coroutine function, under pytest-asyncio or anyio's plugin, runs inside
    ``async with`` of it: what is added is served, and the first exception of a callback ends the
    test, as its own. Any other test calls ``spin_once`` and its kin, which raise it. In the end
    coroutines have ended, and all nodes that were on it are destroyed.
    """
    from aiorcl import AsyncioExecutor
    from aiorcl._program.node_ends import NodesToDestroy

    with NodesToDestroy() as nodes:

        class Executor(AsyncioExecutor):
            def add_node(self, node: Node) -> bool:
                added = super().add_node(node)
                nodes.add(node)
                return added

        executor = Executor(context=ros_context)
        request.node.stash[_executor] = executor
        try:
            yield executor
        finally:
            executor.shutdown()


@pytest.fixture
def ros_node(ros_executor: AsyncioExecutor, request: pytest.FixtureRequest) -> Node:
    """A node on the executor, for what a test itself publishes, hears and asks."""
    from rclpy.node import Node

    name = re.sub("[^0-9A-Za-z]+", "_", request.node.name).strip("_")
    node = Node(name, start_parameter_services=False)
    ros_executor.add_node(node)
    return node


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Run a coroutine function inside the block of its executor, whoever runs the coroutine."""
    function = getattr(item, "obj", None)
    executor = getattr(item, "funcargs", {}).get("ros_executor", item.stash.get(_executor, None))
    if executor is None or not inspect.iscoroutinefunction(function):
        return (yield)
    # A TestCase of unittest's takes its method from itself, if that is a coroutine function.
    instance: object = getattr(item, "instance", None)
    is_unittest = isinstance(instance, unittest.TestCase)
    owner, name = (instance, item.name) if is_unittest else (item, "obj")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, _inside(executor, function))
        return (yield)


def _inside(executor: AsyncioExecutor, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def run(*args: Any, **kwargs: Any) -> None:
        if executor.is_spinning:  # a fixture has started it, and stops it
            await function(*args, **kwargs)
            return
        async with executor:
            await function(*args, **kwargs)

    return run
