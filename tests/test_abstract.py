# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The typing base of executors: what it promises holds for ours and for rclpy's.

from __future__ import annotations

import inspect

from rclpy.executors import Executor

from aiorcl import AbstractExecutor

MEMBERS = [name for name in vars(AbstractExecutor) if not name.startswith("_")]


def test_every_executor_is_an_abstract_executor(executor: Executor) -> None:
    """Whatever AbstractExecutor names is there on each executor, and callable as it says."""
    abstract: AbstractExecutor = executor  # what ./dev lint checks
    assert abstract.context is executor.context
    assert "spin_once" in MEMBERS
    for name in MEMBERS:
        promised = inspect.getattr_static(AbstractExecutor, name)
        assert callable(getattr(abstract, name)) is inspect.isfunction(promised)
