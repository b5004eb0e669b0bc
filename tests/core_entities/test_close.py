# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# How an entity of the core ends: closed, collected, never made, and whatever the user's code does.

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.exceptions import InvalidHandle
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from rclpy.waitable import NumberOfEntities, Waitable
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, _core


class Driven:
    """As much of a driven waitable as the core knows."""

    def __init__(self) -> None:
        self.core: _core.DrivenWaitable | None = None
        self.calls: list[str] = []
        self.errors: dict[str, Exception] = {}

    def _note(self, call: str) -> None:
        self.calls.append(call)
        if self.core is not None:
            assert self.core.closed
            self.core.close()
        if call in self.errors:
            raise self.errors[call]

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        self._note("exit")

    def set_on_ready_callback(self, callback: object) -> None:
        """Do nothing with it."""

    def clear_on_ready_callback(self) -> None:
        """Note that the core lets go."""
        self._note("clear")


@pytest.fixture
def driven() -> Iterator[Driven]:
    """A waitable with an open entity."""
    driven = Driven()
    core = driven.core = _core.DrivenWaitable(_core.Dispatcher(), driven, None, "waitable")
    core.listen()
    yield driven
    driven.errors.clear()
    core.close()


def test_close_is_called_by_what_it_calls(driven: Driven) -> None:
    """The entity is closed before any code of the user's runs, which may close it again."""
    assert driven.core is not None
    driven.core.close()
    assert driven.calls == ["clear", "exit"]


def test_one_end_that_fails_keeps_no_other_from_ending(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    """close() does all that it has to do; the first exception leaves it, others are reported."""
    reported: list[BaseException] = []
    monkeypatch.setattr("sys.unraisablehook", lambda error: reported.append(error.exc_value))
    driven.errors = {"clear": LookupError("first"), "exit": ValueError("second")}
    assert driven.core is not None
    with pytest.raises(LookupError, match="first"):
        driven.core.close()
    assert driven.calls == ["clear", "exit"]
    assert driven.core.closed
    assert [str(error) for error in reported] == ["second"]


@pytest.mark.parametrize("cls", [_core.Posted, _core.Timer, _core.Group])
def test_what_was_never_made_is_collected(cls: Any) -> None:
    """The collector passes what has no C++ object yet."""
    unmade = cls.__new__(cls)
    cycle: list[Any] = [unmade]
    cycle.append(cycle)
    gone = weakref.ref(unmade)
    del unmade, cycle
    gc.collect()
    assert gone() is None


def test_the_collector_meets_an_end_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """What raises while the collector breaks a cycle is reported, and nothing more."""
    reported: list[BaseException] = []
    monkeypatch.setattr("sys.unraisablehook", lambda error: reported.append(error.exc_value))

    def forget() -> None:
        driven = Driven()
        driven.errors = {"exit": ValueError("on purpose")}
        core = _core.DrivenWaitable(_core.Dispatcher(), driven, None, "waitable")
        outer: list[Any] = [core, driven]
        outer.append(outer)
        driven.calls.append(outer)  # type: ignore[arg-type]

    forget()
    gc.collect()
    assert [type(error) for error in reported] in ([ValueError], [AttributeError])


def test_the_end_of_an_entity_keeps_the_exception_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An entity that goes with the frame of an exception does not touch that exception."""
    monkeypatch.setattr("sys.unraisablehook", lambda error: None)

    def fail() -> None:
        mine = Driven()
        mine.errors = {"exit": ValueError("of the end")}
        core = _core.DrivenWaitable(_core.Dispatcher(), mine, None, "waitable")
        del mine
        raise LookupError(core.label)

    with pytest.raises(LookupError, match="waitable"):
        fail()


class Failing(Waitable):  # type: ignore[type-arg]  # not generic at run time on Jazzy
    """A waitable without entities, whose end fails."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        raise ValueError("the driver is gone")

    def get_num_entities(self) -> NumberOfEntities:
        """Count nothing."""
        return NumberOfEntities()

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Add nothing."""

    def is_ready(self, wait_set: Any) -> bool:
        """Tell that nothing is ready."""
        return False


class Loose(Failing):
    """A waitable that holds its guard condition itself, and does not say so on entering."""

    def __init__(self, guard: Any) -> None:
        super().__init__(ReentrantCallbackGroup())
        self.guard = guard

    def __exit__(self, *error: object) -> None:
        pass

    def get_num_entities(self) -> NumberOfEntities:
        """Count the guard condition."""
        return NumberOfEntities(num_gcs=1)

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Add the guard condition."""
        wait_set.add_guard_condition(self.guard)


def test_a_handle_lives_as_long_as_it_is_watched(context: Context, lone: Node) -> None:
    """What a waitable has added to the wait set outlives the watch, whatever the waitable holds."""
    assert context.handle is not None
    guard = _rclpy.GuardCondition(context.handle)
    waitable = Loose(guard)
    lone.add_waitable(waitable)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    guard.destroy_when_not_in_use()
    assert guard.pointer != 0  # in use by the watch, or it would be gone
    executor.shutdown()
    with pytest.raises(InvalidHandle), guard:
        pass


def test_a_group_of_a_user_goes_with_its_entities(context: Context, lone: Node) -> None:
    """An executor keeps no callback group whose entities are gone."""

    class Own(ReentrantCallbackGroup):
        pass

    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    group = Own()
    subscription = lone.create_subscription(
        Int64, "topic", lambda message: None, 10, callback_group=group
    )
    executor.spin_once(timeout_sec=0)
    lone.destroy_subscription(subscription)
    executor.spin_once(timeout_sec=0)
    gone = weakref.ref(group)
    del group, subscription
    gc.collect()
    assert gone() is None
    executor.shutdown()
