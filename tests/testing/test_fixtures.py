# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The fixtures for pytest, used as in a project of a user's: by a pytest of its own.

from __future__ import annotations

import pytest
from rclpy.context import Context

pytestmark = pytest.mark.once

pytest_plugins = ["pytester"]

#: What is left behind fails the inner test.
STRICT = ["-p", "pytest_aiorcl", "-W", "error", "-W", "ignore::DeprecationWarning"]

#: How coroutine functions are run: the options of pytest, and the mark of the tests.
RUNNERS = {
    "pytest-asyncio": (["-p", "asyncio"], "pytest.mark.asyncio"),
    "pytest-asyncio, a loop for all": (
        ["-p", "asyncio"],
        "pytest.mark.asyncio(loop_scope='module')",
    ),
    "anyio": (["-p", "anyio"], "pytest.mark.anyio"),
}

IMPORTS = """
import asyncio
import os
import socket

import aiorcl
import pytest
import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger


class Greeter(Node):
    def __init__(self):
        # With that service rclpy 11 keeps what was destroyed in the graph until it is collected.
        lean = [Parameter("start_type_description_service", value=False)]
        super().__init__("greeter", parameter_overrides=lean)
        self.create_service(Trigger, "greet", self.greet)

    async def greet(self, request, response):
        await asyncio.sleep(0)
        response.message = "Hello"
        return response


class Fails(Node):
    def __init__(self):
        super().__init__("fails")
        self.timer = self.create_timer(0.001, self.fail)

    def fail(self):
        self.timer.cancel()
        raise ValueError("burnt")


@pytest.fixture
def anyio_backend():
    return "asyncio"


"""

COROUTINES = """
pytestmark = MARK
seen = []


async def test_nodes_are_served(ros_executor, ros_node):
    ros_executor.add_node(Greeter())
    client = ros_node.create_client(Trigger, "greet")
    response = await aiorcl.call(client, Trigger.Request())
    assert response.message == "Hello"
    assert ros_node.get_name() == "test_nodes_are_served"
    seen.extend(ros_executor.get_nodes())


async def test_the_one_before_has_left_nothing(ros_node):
    for node in seen:
        with pytest.raises(Exception, match="destruction was requested"):
            node.get_name()
    assert "greeter" not in ros_node.get_node_names()


async def test_an_error_is_that_of_the_test(ros_executor):
    ros_executor.add_node(Fails())
    await asyncio.sleep(30)


async def test_the_body_may_fail(ros_executor):
    raise KeyError("body")


async def test_an_error_of_the_end(ros_executor):
    begun = asyncio.Event()

    async def work():
        begun.set()
        try:
            await asyncio.sleep(30)
        finally:
            raise ValueError("late")

    ros_executor.create_task(work)
    await begun.wait()


@pytest.mark.parametrize("number", [1, 2])
async def test_all_is_well_afterwards(ros_executor, number):
    assert await ros_executor.create_task(max, 0, number) == number
"""

PLAIN = """
def test_nodes_are_spun(ros_executor, ros_node):
    ros_executor.add_node(Greeter())
    client = ros_node.create_client(Trigger, "greet")
    answer = ros_executor.create_task(aiorcl.call, client, Trigger.Request())
    ros_executor.spin_until_future_complete(answer, timeout_sec=10)
    assert answer.result().message == "Hello"


def test_an_error_is_that_of_the_test(ros_executor):
    ros_executor.add_node(Fails())
    ros_executor.spin()


def test_the_context_is_the_default_one(ros_context, ros_domain_id):
    assert ros_context is rclpy.get_default_context()
    assert ros_context.get_domain_id() == ros_domain_id == int(os.environ["ROS_DOMAIN_ID"])
    node = Node("node")
    node.destroy_node()


def test_it_went_down():
    assert not rclpy.ok()


def test_a_context_that_is_up(request):
    rclpy.init()
    try:
        with pytest.raises(pytest.fail.Exception, match="initialised already"):
            request.getfixturevalue("ros_context")
    finally:
        rclpy.shutdown()


def test_domains_are_held_by_processes(ros_domain_id):
    with socket.socket(socket.AF_UNIX) as other, pytest.raises(OSError):
        other.bind(f"\\0aiorcl-domain-{ros_domain_id}")
"""


@pytest.fixture(autouse=True)
def only_named_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the inner pytests load no others, whatever is installed: ROS brings some too."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def lines_of_failures(result: pytest.RunResult) -> list[str]:
    """Return what pytest has printed of the exceptions that have failed tests."""
    return [line for line in result.outlines if line.startswith("E  ")]


@pytest.mark.parametrize("runner", RUNNERS)
def test_coroutine_functions(pytester: pytest.Pytester, runner: str) -> None:
    """Whoever runs them: they are inside the block of the executor, and its errors are theirs."""
    options, mark = RUNNERS[runner]
    pytester.makepyfile(IMPORTS + COROUTINES.replace("MARK", mark))
    result = pytester.runpytest_subprocess(*STRICT, *options)
    result.assert_outcomes(passed=4, failed=3)
    failures = "\n".join(lines_of_failures(result))
    assert failures.count("ValueError: burnt") == 1
    assert failures.count("In timer 'Fails.fail' of node '/fails'") == 1
    assert failures.count("KeyError: 'body'") == 1
    assert failures.count("ValueError: late") == 1
    assert failures.count("CancelledError") == 1  # which the late one came out of


def test_plain_functions(pytester: pytest.Pytester) -> None:
    """They spin by themselves."""
    pytester.makepyfile(IMPORTS + PLAIN)
    result = pytester.runpytest_subprocess(*STRICT)
    result.assert_outcomes(passed=5, failed=1)
    assert any("ValueError: burnt" in line for line in lines_of_failures(result))


UNITTEST = """
import unittest


class Test(unittest.IsolatedAsyncioTestCase):
    @pytest.fixture(autouse=True)
    def use(self, ros_executor):
        self.executor = ros_executor

    async def test_nodes_are_served(self):
        assert await self.executor.create_task(max, 1, 2) == 2

    async def test_an_error_is_that_of_the_test(self):
        self.executor.add_node(Fails())
        await asyncio.sleep(30)
"""


def test_coroutine_functions_of_unittest(pytester: pytest.Pytester) -> None:
    """They are inside the block, too."""
    pytester.makepyfile(IMPORTS + UNITTEST)
    result = pytester.runpytest_subprocess(*STRICT)
    result.assert_outcomes(passed=1, failed=1)
    assert any("ValueError: burnt" in line for line in lines_of_failures(result))


ENDS = """
class Guarded(Node):
    def __init__(self):
        super().__init__("guarded")
        raise LookupError("no device")

    def destroy_node(self):
        rclpy.ok()
        super().destroy_node()


class Unready(Guarded):
    def destroy_node(self):
        raise AttributeError("no such publisher")


class Bad(Node):
    def destroy_node(self):
        raise OSError("unplugged")


def test_guarded(ros_executor):
    ros_executor.add_node(Guarded())


def test_unready(ros_executor):
    ros_executor.add_node(Unready())


def test_bad(ros_executor):
    ros_executor.add_node(Bad("bad"))
    ros_executor.add_node(Node("good"))


def test_after(ros_node):
    assert ros_node.get_node_names() == ["test_after"]
"""


def test_what_nodes_raise_at_their_end(pytester: pytest.Pytester) -> None:
    """It is told at their own test, once, and the next ones find nothing of them."""
    pytester.makepyfile(IMPORTS + ENDS)
    result = pytester.runpytest_subprocess(*STRICT)
    tracked = hasattr(Context, "track_node")  # or nobody destroys a node that is made by half
    result.assert_outcomes(passed=2, failed=2, errors=1 + tracked)
    failures = "\n".join(lines_of_failures(result))
    assert failures.count("LookupError: no device") == 2
    assert failures.count("AttributeError: no such publisher") == tracked
    assert failures.count("OSError: unplugged") == 1


def test_a_fixture_may_start_it(pytester: pytest.Pytester) -> None:
    """For what has to be served before the test begins; and stop it, which raises the error."""
    pytester.makepyfile(
        IMPORTS
        + """
import pytest_asyncio

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def greeted(ros_executor, ros_node):
    await ros_executor.start()
    ros_executor.add_node(Greeter())
    client = ros_node.create_client(Trigger, "greet")
    yield await aiorcl.call(client, Trigger.Request())
    await ros_executor.stop()


async def test_it_is_served(greeted, ros_executor):
    assert greeted.message == "Hello"
    assert await ros_executor.create_task(max, 1, 2) == 2
"""
    )
    result = pytester.runpytest_subprocess(*STRICT, "-p", "asyncio")
    result.assert_outcomes(passed=1)


def test_nothing_of_ros_is_imported_before_a_test_asks(pytester: pytest.Pytester) -> None:
    """The plugin is loaded by any pytest of an environment, also where no ROS is sourced."""
    pytester.makepyfile(
        """
import sys


def test_without():
    assert "rclpy" not in sys.modules
    assert "aiorcl" not in sys.modules
    assert "pytest_aiorcl" in sys.modules
"""
    )
    result = pytester.runpytest_subprocess(*STRICT)
    result.assert_outcomes(passed=1)
