# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Methods of rclpy's classes are told from those that somebody has put in their place.

from __future__ import annotations

import functools
from typing import Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.client import Client
from rclpy.event_handler import EventHandler
from rclpy.guard_condition import GuardCondition
from rclpy.publisher import Publisher
from rclpy.service import Service

from aiorcl import AsyncioExecutor
from aiorcl._rclpy.own_methods import OwnMethods

METHODS: list[tuple[type, str]] = [
    *((Publisher, "publish"), (GuardCondition, "trigger"), (Service, "send_response")),
    *((Client, "call_async"), (Client, "get_pending_request"), (Client, "remove_pending_request")),
    *((ActionClient, "is_ready"), (ActionClient, "take_data"), (ActionServer, "execute")),
    *((EventHandler, "execute"), (MutuallyExclusiveCallbackGroup, "can_execute")),
    *((ReentrantCallbackGroup, "ending_execution"), (AsyncioExecutor, "spin_once")),
]


@pytest.mark.parametrize(("cls", "name"), METHODS)
def test_a_patch_from_before_our_import(
    cls: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a tracer makes it: the wrapper has the name, and the module, of what it calls."""
    an_object = cls.__new__(cls)
    assert OwnMethods(cls, name).are_all_of(an_object)
    method = getattr(cls, name)

    @functools.wraps(method)
    def traced(*args: Any, **options: Any) -> Any:
        return method(*args, **options)

    monkeypatch.setattr(cls, name, traced)
    assert not OwnMethods(cls, name).are_all_of(an_object)
    monkeypatch.setattr(cls, name, cls.__init__)
    assert not OwnMethods(cls, name).are_all_of(an_object)
