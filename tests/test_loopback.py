# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What tests, demo and benchmarks run in: a network that ends at this machine.

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import network

ROOT = Path(__file__).parents[1]
REPORT = """
import json, os, pathlib, socket
group, loopback = socket.inet_aton("239.255.0.1"), socket.inet_aton("127.0.0.1")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as member:
    member.bind(("", 0))
    member.settimeout(10)
    member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + loopback)
    member.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
    member.sendto(b"discovery", ("239.255.0.1", member.getsockname()[1]))
    received = member.recv(100).decode()
print(json.dumps({
    "interfaces": [name for _, name in socket.if_nameindex()],
    "range": os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"],
    "received": received,
    "shared": pathlib.Path("/dev/shm", %r).exists(),
}))
"""


@pytest.fixture
def shared() -> Iterator[str]:
    """The name of a file in the shared memory of this process."""
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        yield Path(file.name).name


def test_command_cannot_reach_beyond_this_machine(shared: str) -> None:
    """Multicast works, discovery is limited, and where allowed there is no other interface.

    Nor is there the shared memory of another network.
    """
    command = [sys.executable, "-m", "tools.loopback", sys.executable, "-c", REPORT % shared]
    # Nested, it finds what it wants and has nothing to do: a user without rights may do that too.
    nested = [*command[:3], *command]
    anew = [*command[:3], *command[:3], "--anew", *command[3:]]
    for line in (command, nested, anew):
        result = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=30)
        assert result.returncode == 0, result.stderr
        report = json.loads(result.stdout)
        assert report["received"] == "discovery"
        assert report["range"] == "LOCALHOST"
        if "No network of our own" not in result.stderr:
            assert report["interfaces"] == ["lo"]
            if "--anew" in line and os.geteuid() == 0:  # others may not mount everywhere
                assert not report["shared"]


@pytest.mark.parametrize("workers", range(1, 11))
def test_workers_have_domains_of_their_own(workers: int) -> None:
    """No two workers of pytest-xdist share a domain, nor do those that replace crashed ones."""
    of_each = [
        set(itertools.islice(network.domain_ids(worker, workers, start=12_345), 100))
        for worker in range(workers + 1)
    ]
    assert all(ids and ids <= set(range(1, 101)) for ids in of_each)
    assert len(set.union(*of_each)) == sum(map(len, of_each))


def test_command_is_asked_for() -> None:
    """Without a command the module says how it is used."""
    command = [sys.executable, "-m", "tools.loopback"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert result.returncode == 1
    assert "usage: python -m tools.loopback [--anew] COMMAND" in result.stderr
