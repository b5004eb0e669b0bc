# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Keeps the ROS domains of tests apart.

import itertools
import os
from collections.abc import Iterator


def domain_ids() -> Iterator[int]:
    """Yield domain ids that neither another test nor, most likely, another run uses now.

    Ids above 101 would need ports that Linux gives to outgoing connections.
    """
    return (1 + number % 100 for number in itertools.count(os.getpid()))
