# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The fixtures that every test may ask for: one context, one domain and new node names per test.
"""The network is isolated here, before anything that is imported later starts a thread."""

from __future__ import annotations

from tools import loopback

_isolated = loopback.isolate()

import asyncio  # noqa: E402
import gc  # noqa: E402
import importlib  # noqa: E402
import itertools  # noqa: E402
import os  # noqa: E402
import shlex  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable, Coroutine, Generator, Iterator  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

import pytest  # noqa: E402
import rclpy  # noqa: E402
from rclpy.action.client import ActionClient  # noqa: E402
from rclpy.action.server import ActionServer  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.utilities import get_rmw_implementation_identifier  # noqa: E402

from tests.support import network  # noqa: E402
from tests.support.executors import FLAVOURS, Flavour, excuse, make_executor  # noqa: E402
from tests.support.loops import LOOPS  # noqa: E402
from tests.support.spinner import Spinner  # noqa: E402

if TYPE_CHECKING:
    from execnet.xspec import XSpec
    from rclpy.executors import Executor

    from tests.support.makers import MakeContext, MakeExecutor, MakeNode, Run

DEADLINE_SEC = 30.0  # for whoever waits in vain: on a busy machine what works may take seconds
#: Long enough for whatever works in a test that a peer is expected to fail.
LACKING_DEADLINE_SEC = 0.5

# A shell that starts a command in the background lets it ignore these, and so would all children,
# which are tested with them. A handler of Python's becomes the system's default in a child.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler)

# rosidl imports lark with the first message type, and lark imports a deprecated module.
with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
    importlib.import_module("lark")

_numbers = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks of this suite."""
    for line in (
        "lacks(**reasons): what a peer cannot do; the test must fail there",
        "breaks(**reasons): what would hang or crash a peer; the test is not run there",
        "middleware_lacks(**reasons): what a middleware cannot do, by its name; the test may fail",
    ):
        config.addinivalue_line("markers", line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect of the middleware that runs no more than it can do."""
    middleware = get_rmw_implementation_identifier()
    for item in items:
        for mark in item.iter_markers("middleware_lacks"):
            if reason := mark.kwargs.get(middleware):
                item.add_marker(pytest.mark.xfail(reason=f"{middleware} {reason}", strict=False))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Expect nothing of peers that are not tested."""
    report = yield
    if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
        excuse(report, item.callspec.params.values())
    return report


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Forget where exceptions that are parameters were raised: the frames keep what ran there."""
    callspec = getattr(item, "callspec", None)
    for value in () if callspec is None else callspec.params.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, BaseException):
                each.__traceback__ = each.__context__ = None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start one worker more than there are processors: many a test waits for discovery.

    More than ten would have too few domains each.
    """
    return min(len(os.sched_getaffinity(0)) + 1, 10)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[XSpec]) -> None:
    """Give each worker a network of its own; once it has threads it is too late for that."""
    if _isolated:
        for spec in specs:
            spec.python = shlex.join([sys.executable, loopback.__file__, "--anew", sys.executable])


@pytest.fixture
def make_context() -> Iterator[MakeContext]:
    """Make initialised contexts, each in a domain of its own; all go down with the test."""
    contexts: list[Context] = []

    def make() -> Context:
        context = Context()
        rclpy.init(args=[], context=context, domain_id=network.domain_id())
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.try_shutdown()


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Nothing is freed but by its last reference: what a test counts or traces is its own."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def context(make_context: MakeContext) -> Context:
    """The context of the test."""
    return make_context()


@pytest.fixture
def make_node(context: Context) -> Iterator[MakeNode]:
    """Make nodes with names that no other node has; all are destroyed with the test."""
    nodes: list[Node] = []

    def make(cls: type[Node] = Node, **options: Any) -> Node:
        options = {"context": context, "start_parameter_services": False, **options}
        node = cls(f"node_{next(_numbers)}", **options)
        nodes.append(node)
        return node

    yield make
    for node in nodes:
        if node.context.ok():
            # These outlive their node otherwise, and would be found in the domain when it is used
            # again.
            for waitable in list(node.waitables):
                if isinstance(waitable, ActionClient | ActionServer):
                    waitable.destroy()
            node.destroy_node()


@pytest.fixture
def lone(make_node: MakeNode) -> Node:
    """A node that is on no executor."""
    return make_node()


@pytest.fixture(params=FLAVOURS, ids=lambda flavour: flavour.name)
def flavour(request: pytest.FixtureRequest) -> Flavour:
    """The kind of executor that the test runs on, in turn each of them."""
    chosen: Flavour = request.param
    for mark in request.node.iter_markers("breaks"):
        if reason := chosen.among(mark.kwargs):
            pytest.skip(reason)
    for mark in request.node.iter_markers("lacks"):
        if reason := chosen.among(mark.kwargs):
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    return chosen


@pytest.fixture
def make_executor_of(
    flavour: Flavour, context: Context, make_node: MakeNode
) -> Iterator[MakeExecutor]:
    """Make executors of the test's kind; they go before their nodes do."""
    executors: list[Executor] = []
    loops: list[asyncio.AbstractEventLoop] = []

    def make(context: Context = context) -> Executor:
        loop = flavour.make_loop() if flavour.make_loop else None
        if loop is not None:
            loops.append(loop)
        executor = make_executor(flavour, context, loop)
        executors.append(executor)
        return executor

    yield make
    for executor in executors:
        executor.shutdown(timeout_sec=DEADLINE_SEC)
    for loop in loops:
        loop.close()


@pytest.fixture
def executor(make_executor_of: MakeExecutor) -> Executor:
    """The executor of the test."""
    return make_executor_of()


@pytest.fixture
def spin(request: pytest.FixtureRequest, executor: Executor) -> Spinner:
    """The way to wait for callbacks of ``executor``."""
    lacking = request.node.get_closest_marker("xfail") is not None
    return Spinner(executor, LACKING_DEADLINE_SEC if lacking else DEADLINE_SEC)


@pytest.fixture
def node(executor: Executor, make_node: MakeNode) -> Node:
    """A node on ``executor``."""
    node = make_node()
    executor.add_node(node)
    return node


@pytest.fixture(params=LOOPS.values(), ids=list(LOOPS))
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the loop that ``run`` runs on, in turn each kind."""
    factory: Callable[[], asyncio.AbstractEventLoop] = request.param
    return factory


@pytest.fixture
def run(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> Run:
    """Run a coroutine function on a new loop, as asyncio.run does, and see that it ends."""

    async def in_time(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        async with asyncio.timeout(DEADLINE_SEC):
            return await main()

    def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(in_time(main))

    return run
