# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Fixtures of the tests of streams.

from __future__ import annotations

import pytest
from rclpy.node import Node

from tests.support.talker import Talker


@pytest.fixture
def talker(lone: Node) -> Talker:
    """Publishes on the topic that ``lone`` listens to."""
    return Talker(lone)
