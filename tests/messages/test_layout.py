# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A build for one layout of messages refuses another.

from __future__ import annotations

import pytest
from rcl_interfaces.msg import ParameterValue
from std_msgs.msg import Int64

from aiorcl._core import MessageType, check_layout
from tests.support.messages.shapes import derived


def test_this_one_is_right() -> None:
    """Nothing is raised; nor where the type support that it takes is not there."""
    check_layout()
    check_layout("no_package__msg__Nothing")
    check_layout("rcl_interfaces__msg__Nothing")


@pytest.mark.parametrize("message", ["std_msgs__msg__Int64", "test_msgs__msg__UnboundedSequences"])
def test_another_one_is_refused(message: str) -> None:
    """By an ImportError that says what to do."""
    with pytest.raises(ImportError, match=r"another release of ROS.*build it again"):
        check_layout(message)


@pytest.mark.parametrize("cls", [Int64, ParameterValue])
def test_classes_that_derive_from_some_that_add_nothing(cls: type) -> None:
    """Have a plan, as those of Lyrical do."""
    assert MessageType(derived(cls)).has_plan
