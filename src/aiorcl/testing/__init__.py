# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What tests of ROS programs need, for coroutines.

The fixtures for pytest are a package of their own, ``pytest_aiorcl``. Imports ``_coroutines`` and
below, and nothing of ours imports it. Invariant: nothing here knows pytest; any test runner will
do.
"""

from aiorcl.testing.playing import play
from aiorcl.testing.recording import Recorder, record
from aiorcl.testing.simulated_clock import SimulatedClock

__all__ = ["Recorder", "SimulatedClock", "play", "record"]
