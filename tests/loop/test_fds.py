# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Executors in a process that may open no more files.

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rclpy.context import Context

from aiorcl import AsyncioExecutor
from aiorcl._core import Dispatcher

#: An eventfd and two timerfds.
OF_A_DISPATCHER = 3


def next_fd() -> int:
    """Return the number that the next file would have."""
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    return fd


@contextmanager
def files_left(left: int) -> Iterator[None]:
    """Let the process open no more than so many files in this block."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = [os.open(os.devnull, os.O_RDONLY)]
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208
    while used[-1] < highest:
        used.append(os.open(os.devnull, os.O_RDONLY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used[-1] + 1 + left, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for fd in used:
            os.close(fd)


@pytest.mark.parametrize("left", range(OF_A_DISPATCHER))
def test_an_executor_that_gets_no_files(context: Context, left: int) -> None:
    """It says so by an OSError that names the call, and keeps none of those that it got."""
    before = next_fd()
    with files_left(left), pytest.raises(OSError, match="Too many open files") as raised:
        AsyncioExecutor(context=context)
    assert raised.value.errno == 24
    assert next_fd() == before
    AsyncioExecutor(context=context).shutdown()


def test_a_dispatcher_that_cannot_host_a_loop() -> None:
    """It says so, and goes on without."""
    dispatcher = Dispatcher()
    loop = Dispatcher()
    with files_left(0), pytest.raises(OSError, match="epoll_create1: Too many open files"):
        dispatcher.host(loop.wakeup_fd)
    dispatcher.host(loop.wakeup_fd)
    dispatcher.close()
