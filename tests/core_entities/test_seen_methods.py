# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A method that C++ does in the place of one of Python: tools see the one of Python.

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import pickle
import types
import typing
import weakref
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor, new_event_loop

Method = Callable[..., Any]
#: A method of ours; and Python's own, bound to the same object.
Pair = tuple[Method, Method]


def of_class(instance: object, name: str) -> Method:
    """Return what the class of an object has for a method, bound to the object."""
    return types.MethodType(getattr(type(instance), name), instance)


@pytest.fixture(params=["publish", "call_async", "trigger", "call_soon"])
def pair(request: pytest.FixtureRequest, context: Context, lone: Node) -> Iterator[Pair]:
    """Each method that C++ does, of something that is served; and the one it stands in for."""
    if request.param == "call_soon":
        with contextlib.closing(new_event_loop()) as loop:
            yield loop.call_soon, types.MethodType(asyncio.SelectorEventLoop.call_soon, loop)
        return
    make: dict[str, Callable[[], object]] = {
        "publish": lambda: lone.create_publisher(Int64, "topic", 10),
        "call_async": lambda: lone.create_client(Trigger, "service"),
        "trigger": lambda: lone.create_guard_condition(lambda: None),
    }
    owner = make[request.param]()
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    assert request.param in vars(owner)
    yield getattr(owner, request.param), of_class(owner, request.param)
    executor.shutdown()


def outcome(look: Callable[[Method], object], method: Method) -> object:
    """Return what a look at a method gives, or how it fails."""
    try:
        return look(method)
    except Exception as error:
        return type(error), str(error)


LOOKS: dict[str, Callable[[Method], object]] = {
    "signature": inspect.signature,
    "full arguments": inspect.getfullargspec,
    "type hints": typing.get_type_hints,
    "source": inspect.getsource,
    "documentation": inspect.getdoc,
    "is a method": inspect.ismethod,
    "is a coroutine function": inspect.iscoroutinefunction,
    "module": inspect.getmodule,
    "names": lambda method: [
        getattr(method, name) for name in ("__name__", "__qualname__", "__module__", "__doc__")
    ],
    "object": lambda method: method.__self__,  # type: ignore[attr-defined]
    "attributes of the function": lambda method: [
        getattr(method, name) for name in ("__code__", "__defaults__", "__annotations__")
    ],
    "text": repr,
    "hash": hash,
    "wrapped": lambda method: inspect.signature(functools.wraps(method)(lambda *_: None)),
    "partial": lambda method: inspect.signature(functools.partial(method, 1)),
    "double": lambda method: inspect.signature(mock.create_autospec(method)),
    "pickle": pickle.dumps,
    "weak method": lambda method: weakref.WeakMethod(method)() == method,
    "no argument": lambda method: method(),
    "unknown argument": lambda method: method(nobody_takes_this=1),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=list(LOOKS))
def test_tools_see_the_method_of_python(pair: Pair, look: Callable[[Method], object]) -> None:
    """Whatever looks at a method of ours gets what it gets of the one of Python, and its errors."""
    ours, pythons = pair
    function = getattr(ours, "__func__", ours)
    getattr(type(function), "__annotations__", None)  # from now on the type has some of its own
    assert outcome(look, ours) == outcome(look, pythons)


def test_it_is_equal_to_the_method_of_python(pair: Pair) -> None:
    """A set that has one has the other: who registers and unregisters a method finds it."""
    ours, pythons = pair
    assert ours == pythons
    assert {ours} == {pythons}
    assert ours != print


def test_a_double_of_what_is_served_is_called_as_the_method(context: Context, lone: Node) -> None:
    """unittest.mock makes doubles of a publisher on an executor that check their arguments."""
    publisher = lone.create_publisher(Int64, "topic", 10)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    double = mock.create_autospec(publisher)
    double.publish(Int64())
    with pytest.raises(TypeError, match="msg"):
        double.publish()
    executor.shutdown()


def test_arguments_may_be_named(context: Context, lone: Node) -> None:
    """By the names that rclpy gives them; and it is still C++ that does it."""
    publisher = lone.create_publisher(Int64, "topic", 10)
    client = lone.create_client(Trigger, "service")
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    wrong = Int64()
    wrong._data = "text"  # past rclpy's check
    with pytest.raises(TypeError, match="data: expected int, got str"):
        publisher.publish(msg=wrong)
    assert not client.call_async(request=Trigger.Request()).done()
    executor.shutdown()


def test_a_method_called_on_another_object_is_that_ones(context: Context, lone: Node) -> None:
    """The function of the method works on whatever it is given, as that of a class does."""
    first = lone.create_guard_condition(lambda: called.append("first"))
    second = lone.create_guard_condition(lambda: called.append("second"))
    called: list[str] = []
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    kept: Any = first.trigger
    kept.__func__(second)
    while not called:
        executor.spin_once(timeout_sec=10)
    executor.spin_once(timeout_sec=0)
    assert called == ["second"]
    executor.shutdown()


def test_a_loop_of_ours_takes_what_asyncios_takes() -> None:
    """Named arguments reach call_soon and call_at."""
    with contextlib.closing(new_event_loop()) as loop:
        came: list[str] = []
        loop.call_soon(callback=lambda: came.append("soon"), context=None)
        loop.call_at(when=loop.time(), callback=loop.stop)
        loop.run_forever()
        assert came == ["soon"]
        # By which asyncio, before it looks closer, knows coroutine functions that it has marked.
        assert not hasattr(loop.call_soon, "_is_coroutine")
        assert inspect.iscoroutinefunction(loop.call_soon) is False
