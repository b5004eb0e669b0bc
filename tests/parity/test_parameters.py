# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Parameters: services, clients and events; and the other services that a node brings along.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rcl_interfaces.msg import LoggerLevel, ParameterEvent, SetParametersResult
from rcl_interfaces.srv import GetLoggerLevels, SetLoggerLevels
from rclpy.impl.logging_severity import LoggingSeverity
from rclpy.logging import get_logger_level
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient
from rclpy.parameter_event_handler import ParameterEventHandler
from rclpy.qos import qos_profile_system_default
from rclpy.service_introspection import ServiceIntrospectionState
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode


@pytest.fixture
def remote(executor: Executor, make_node: MakeNode) -> Node:
    """A node with all the services that rclpy has for nodes, and two parameters."""
    remote = make_node(start_parameter_services=True, enable_logger_service=True)
    remote.declare_parameter("speed", 1.0)
    remote.declare_parameter("name", "robot")
    executor.add_node(remote)
    return remote


@pytest.fixture
def client(node: Node, remote: Node, spin: Spinner) -> AsyncParameterClient:
    """A client of its parameters, on another node of the same executor."""
    client = AsyncParameterClient(node, remote.get_name())
    spin.discover(client.services_are_ready)
    return client


def test_parameters_are_got_and_set(
    remote: Node, client: AsyncParameterClient, spin: Spinner
) -> None:
    """A client lists, gets, describes and sets parameters of another node."""
    listed = spin.complete(client.list_parameters()).result.names
    assert {"speed", "name"} <= set(listed)
    values = spin.complete(client.get_parameters(["speed", "name"])).values
    assert (values[0].double_value, values[1].string_value) == (1.0, "robot")
    (described,) = spin.complete(client.describe_parameters(["speed"])).descriptors
    assert described.name == "speed"
    changes = [Parameter("speed", value=2.5), Parameter("name", value=3)]
    first, second = spin.complete(client.set_parameters(changes)).results
    assert first.successful
    assert not second.successful  # of another type
    assert remote.get_parameter("speed").value == 2.5
    result = spin.complete(client.set_parameters_atomically([Parameter("speed", value=4.0)]))
    assert result.result.successful
    assert remote.get_parameter("speed").value == 4.0


def test_a_node_refuses_a_parameter(
    remote: Node, client: AsyncParameterClient, spin: Spinner
) -> None:
    """The node's own callback decides, and the client reads why."""

    def decide(parameters: list[Parameter[Any]]) -> SetParametersResult:
        return SetParametersResult(successful=parameters[0].value < 10, reason="too fast")

    remote.add_on_set_parameters_callback(decide)
    (result,) = spin.complete(client.set_parameters([Parameter("speed", value=11.0)])).results
    assert (result.successful, result.reason) == (False, "too fast")
    (result,) = spin.complete(client.set_parameters([Parameter("speed", value=9.0)])).results
    assert result.successful


def test_parameter_events_come(node: Node, remote: Node, spin: Spinner) -> None:
    """A change is published, and reaches those who follow one parameter or all of a node."""
    events: list[ParameterEvent] = []
    values: list[float] = []
    node.create_subscription(ParameterEvent, "/parameter_events", events.append, 10)
    handler = ParameterEventHandler(node)
    handler.add_parameter_callback(
        parameter_name="speed",
        node_name=remote.get_fully_qualified_name(),
        callback=lambda parameter: values.append(parameter.value.double_value),
    )
    remote.set_parameters([Parameter("name", value="other")])
    remote.set_parameters([Parameter("speed", value=5.0)])
    spin.until(lambda: values and any(event.changed_parameters for event in events))
    assert values == [5.0]
    handler.destroy()


def test_logger_levels_are_got_and_set(node: Node, remote: Node, spin: Spinner) -> None:
    """The logger services of a node tell and set the level of any logger."""
    name = f"{remote.get_name()}.part"
    get = node.create_client(GetLoggerLevels, f"{remote.get_name()}/get_logger_levels")
    set_ = node.create_client(SetLoggerLevels, f"{remote.get_name()}/set_logger_levels")
    spin.discover(lambda: get.service_is_ready() and set_.service_is_ready())
    level = LoggerLevel(name=name, level=int(LoggingSeverity.ERROR))
    answer = spin.complete(set_.call_async(SetLoggerLevels.Request(levels=[level])))
    assert answer.results[0].successful
    assert get_logger_level(name) == LoggingSeverity.ERROR
    answer = spin.complete(get.call_async(GetLoggerLevels.Request(names=[name])))
    assert answer.levels[0].level == int(LoggingSeverity.ERROR)


def test_a_type_is_described(node: Node, remote: Node, spin: Spinner) -> None:
    """A node describes the types that it uses."""
    srv = pytest.importorskip("type_description_interfaces.srv")
    remote.create_publisher(Int64, "topic", 10)
    (publisher,) = node.get_publishers_info_by_topic("topic")
    client = node.create_client(srv.GetTypeDescription, f"{remote.get_name()}/get_type_description")
    spin.discover(client.service_is_ready)
    request = srv.GetTypeDescription.Request(
        type_name="std_msgs/msg/Int64", type_hash=str(publisher.topic_type_hash)
    )
    answer = spin.complete(client.call_async(request))
    assert answer.successful, answer.failure_reason
    described = answer.type_description.type_description
    assert described.type_name == "std_msgs/msg/Int64"
    assert [field.name for field in described.fields] == ["data"]


def test_a_service_is_introspected(node: Node, spin: Spinner) -> None:
    """Requests and responses are published by service and client, with what is in them."""
    events: list[Any] = []

    def answer(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.message = "hello"
        return response

    node.create_subscription(Trigger.Event, "service/_service_event", events.append, 10)
    service = node.create_service(Trigger, "service", answer)
    client = node.create_client(Trigger, "service")
    for entity in (service, client):
        entity.configure_introspection(
            node.get_clock(), qos_profile_system_default, ServiceIntrospectionState.CONTENTS
        )
    spin.complete(client.call_async(Trigger.Request()))
    spin.until(lambda: len(events) == 4)
    responses = [event.response[0].message for event in events if event.response]
    assert responses == ["hello"] * 2
    assert {event.info.event_type for event in events} == {0, 1, 2, 3}
