# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The command aiorcl container, driven from another process as ros2 component drives containers.
"""The nodes are in ``tests/program/workspace/parts.py``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rcl_interfaces.msg import Parameter, ParameterValue

from tests.support.container import Container, container, errors_in, parameters


@pytest.fixture(scope="module")
def failing() -> Iterator[Container]:
    """A container that is asked for one impossible thing after the other."""
    with container() as robot:
        yield robot
        assert errors_in(robot.interrupt())


def test_nodes_are_loaded_listed_and_unloaded() -> None:
    """By ids from 1, which are not used again; the nodes run, and are gone from the graph."""
    with container() as robot:
        answer = robot.load("parts::Part", package="parts")
        assert (answer.success, answer.error_message) == (True, "")
        assert (answer.full_node_name, answer.unique_id) == ("/part", 1)
        assert robot.ask("/part") == "/part hello /chatter"
        second = robot.load("parts::Ticks")
        assert robot.listed() == {1: "/part", 2: second.full_node_name}
        assert robot.unload(1).success
        assert robot.listed() == {2: "/ticks"}
        robot.wait_until(lambda: robot.nodes_in_graph() == ["/ComponentManager", "/ticks"])
        assert robot.load("parts::Part").unique_id == 3
        assert robot.interrupt() == ""


def test_a_node_that_is_not_there_is_not_unloaded() -> None:
    """The answer says so, also for one that was unloaded before."""
    with container() as robot:
        robot.load("parts::Part")
        assert robot.unload(1).success
        for unique_id in (1, 7):
            answer = robot.unload(unique_id)
            assert not answer.success
            assert answer.error_message == f"No node found with unique_id: {unique_id}"


def test_a_storm_leaves_nothing() -> None:
    """Ten nodes are asked for at once, and unloaded at once, round after round.

    One of them never constructs, one is slow to, and the callback of one raises. All are answered,
    a bystander is served all the while, and in the end there is nothing in the graph, and there are
    no threads and descriptors, but what there was after the first round.
    """
    plugins = [*["parts::Part"] * 3, *["parts::Ticks"] * 3, "parts::Raises", "parts::Slow"]
    plugins += ["parts::Fails", "parts::Cleans"]
    with container() as robot:
        robot.load("parts::Part", node_name="bystander")
        bystander = robot.listed()
        before: list[tuple[int, int]] = []
        for _ in range(4):
            asked = [robot.send_load(each, node_name=f"n{n}") for n, each in enumerate(plugins)]
            assert robot.ask("/bystander") == "/bystander hello /chatter"
            loaded = [robot.result(future) for future in asked]
            assert [each.success for each in loaded] == [each != "parts::Fails" for each in plugins]
            ids = {each.full_node_name: each.unique_id for each in loaded if each.success}
            robot.send_ask("/n6")
            robot.wait_until_unloaded(ids["/n6"])
            ended = {name: robot.send_unload(each) for name, each in ids.items()}
            assert robot.ask("/bystander") == "/bystander hello /chatter"
            assert {name for name in ended if not robot.result(ended[name]).success} == {"/n6"}
            assert robot.listed() == bystander
            robot.wait_until(lambda: robot.nodes_in_graph() == ["/ComponentManager", "/bystander"])
            before = before or [robot.holdings()]
        robot.wait_until(lambda: robot.holdings() == before[0])
        raised = "Exception in service '/n6/ask' of node '/n6', which is unloaded"
        failed = "Component constructor threw an exception: ValueError: never whole"
        assert sorted(set(errors_in(robot.interrupt()))) == [failed, raised]


def test_many_clients_may_ask_at_once() -> None:
    """Each action of a launch file is one; what they ask for while a constructor runs is done."""
    with container() as robot:
        clients = [robot.another_loader() for _ in range(5)]
        asked = [robot.send_load("parts::Slow")]
        robot.running.wait_for("constructs slowly")
        for client in clients:
            asked += [robot.send_load_by(client, "parts::Part") for _ in range(8)]
        assert all(robot.result(future).success for future in asked)
        assert len(robot.listed()) == 41


def test_names_rules_and_parameters_are_those_of_the_request() -> None:
    """They go before what the class says itself, and so does the namespace of the container not."""
    ros = ["--ros-args", "-r", "__node:=robot", "-r", "__ns:=/left", "-r", "chatter:=gossip"]
    with container(*ros, name="/left/robot") as robot:
        plain = robot.load("parts::Part")
        assert plain.full_node_name == "/part"
        assert robot.ask("/part") == "/part hello /chatter"
        changed = robot.load(
            "parts::Part",
            node_name="other",
            node_namespace="/right",
            remap_rules=["chatter:=/talk", "unused:=rule"],
            parameters=parameters(text="a: 'b' \"c\" -p $d:=e", use_sim_time=True),
        )
        assert changed.full_node_name == "/right/other"
        assert robot.ask("/right/other") == "/right/other a: 'b' \"c\" -p $d:=e /talk"
        like_the_container = robot.load(
            "parts::Part", extra_arguments=parameters(forward_global_arguments=True)
        )
        assert like_the_container.full_node_name == "/left/robot"
        rules = ["chatter:=/first"]
        text = parameters(text="asked for")
        answer = robot.load("parts::Own", node_name="x", remap_rules=rules, parameters=text)
        assert answer.full_node_name == "/home/x"
        robot.running.wait_for("asked for yes /first /home/kept")
        assert robot.load("parts::Managed", node_name="y").full_node_name == "/y"


def test_only_the_node_itself_gets_the_options() -> None:
    """Others that its constructor makes are as ever, and go when nothing refers to them."""
    with container() as robot:
        answer = robot.load("parts::Pair", node_name="renamed", node_namespace="/ns")
        assert answer.full_node_name == "/ns/renamed"
        nodes = ["/ComponentManager", "/ns/renamed", "/other"]
        robot.wait_until(lambda: robot.nodes_in_graph() == nodes)
        assert robot.unload(answer.unique_id).success
        robot.wait_until(lambda: robot.nodes_in_graph() == nodes[:1])


@pytest.mark.parametrize(
    ("plugin", "fields", "error"),
    [
        ("parts::Fails", {}, "Component constructor threw an exception: ValueError: never whole"),
        ("parts::Exits", {}, "Component constructor threw an exception: SystemExit: 3"),
        (
            "parts::NotANode",
            {},
            "The plugin 'parts::NotANode' is no node class, but <class 'parts.N",
        ),
        ("parts::Missing", {}, "The module 'parts' has no 'Missing'"),
        ("broken::Node", {}, "Failed to import 'broken': "),
        ("nowhere::Node", {}, "Failed to import 'nowhere': ModuleNotFoundError: No module named"),
        (
            "parts.Part",
            {},
            "Failed to find class with the requested plugin name 'parts.Part': 'p' ",
        ),
        ("parts::Part", {"node_name": "a b"}, "Component constructor threw an exception: rclpy."),
        (
            "parts::Part",
            {"remap_rules": ["what"]},
            "Component constructor threw an exception: rclpy.",
        ),
        ("parts::Part", {"log_level": 7}, "There is no log level 7"),
        (
            "parts::Part",
            {"parameters": parameters(text=3)},
            "Component constructor threw an exception: rclpy.exceptions.InvalidParameterType",
        ),
        (
            "parts::Part",
            {"extra_arguments": parameters(use_intra_process_comms="yes")},
            "Extra component argument 'use_intra_process_comms' must be a boolean",
        ),
        (
            "parts::Part",
            {"parameters": [Parameter(name="odd", value=ParameterValue(type=77))]},
            "The parameter 'odd' has no value: ",
        ),
    ],
)
def test_what_cannot_be_loaded_is_answered(
    failing: Container, plugin: str, fields: dict[str, Any], error: str
) -> None:
    """The answer and the log say why, nothing of the node is left, and others can be loaded."""
    answer = failing.load(plugin, package="p", **fields)
    assert (answer.success, answer.full_node_name, answer.unique_id) == (False, "", 0)
    assert answer.error_message.startswith(error)
    failing.wait_until(lambda: failing.nodes_in_graph() == ["/ComponentManager"])
    loaded = failing.load("parts::Part")
    assert loaded.success
    assert failing.unload(loaded.unique_id).success


def test_coroutines_end_before_their_node_is_destroyed() -> None:
    """When it is unloaded, and when the container ends: they may have a last message to publish."""
    with container() as robot:
        for _ in range(2):
            answer = robot.load("parts::Cleans")
            robot.running.wait_for("waits")
            assert robot.unload(answer.unique_id).success
            assert "cleaned up" in robot.running.wait_for("cleaned up")
            robot.running.wait_for("destroyed")
        robot.load("parts::Cleans")
        robot.running.wait_for("waits")
        assert robot.interrupt() == ""
        assert robot.running.said.endswith("waits\ncleaned up\ndestroyed\n")


def test_a_node_that_destroys_itself_is_listed_no_more() -> None:
    """By its own callback; the container goes on."""
    with container() as robot:
        unique_id = robot.load("parts::Leaves").unique_id
        robot.send_ask("/leaves")
        robot.wait_until_unloaded(unique_id)
        assert robot.interrupt() == ""


def test_whatever_destroy_node_raises_the_node_is_gone() -> None:
    """The answer is that of any other; the log has the exception."""
    with container() as robot:
        unique_id = robot.load("parts::Stays").unique_id
        assert robot.unload(unique_id).success
        assert robot.load("parts::Stays").success
        stderr = robot.interrupt()
        assert errors_in(stderr) == ["Exception in destroy_node()"] * 2
        assert stderr.count("RuntimeError: not destroyed") == 2


def test_the_log_level_is_that_of_the_logger_while_the_node_is_loaded() -> None:
    """Its constructor logs by it, too."""
    with container() as robot:
        for level in (0, 10, 0):
            answer = robot.load("parts::Tells", log_level=level)
            assert robot.unload(answer.unique_id).success
        assert robot.interrupt().count("told while constructed") == 1


def test_what_a_container_of_python_lacks_is_logged() -> None:
    """Intra-process communication is asked for, and the node is loaded without; others may ask."""
    with container() as robot:
        for value in (True, False):
            extra = parameters(use_intra_process_comms=value, unknown_to_all=1)
            assert robot.load("parts::Part", extra_arguments=extra).success
        assert robot.interrupt().count("'use_intra_process_comms' has no meaning") == 1
