# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The fixture of the tests of aiorcl.run.

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest

import aiorcl
from tests.support import network

Run = Callable[..., Any]


@pytest.fixture
def run(
    loop_factory: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """aiorcl.run, on each kind of loop, in a domain of its own."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(network.domain_id()))
    return functools.partial(aiorcl.run, args=[], loop_factory=loop_factory)
