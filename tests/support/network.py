# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Keeps the ROS domains of tests apart.

import itertools
import os
from collections.abc import Iterator

# Ids above 101 would need ports that Linux gives to outgoing connections.
_IDS = range(1, 101)


def domain_id() -> int:
    """Return a domain id that neither another test nor, most likely, another run uses now."""
    return next(_domain_ids)


def domain_ids(worker: int, workers: int, start: int) -> Iterator[int]:
    """Yield the domain ids of one worker of pytest-xdist, over and over.

    Workers never meet, whatever network they are in. Those that replace a worker that crashed
    are numbered on, and have a share of their own.

    :param start: tells runs apart; the same for every worker of a run.
    """
    size = len(_IDS) // (workers + 1)
    first = size * min(worker, workers)
    return (_IDS[(start + first + n % size) % len(_IDS)] for n in itertools.count())


def _of_this_process() -> Iterator[int]:
    name = os.environ.get("PYTEST_XDIST_WORKER")
    if name is None:
        return domain_ids(0, 0, os.getpid())
    workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    return domain_ids(int(name.removeprefix("gw")), workers, os.getppid())


_domain_ids = _of_this_process()
