# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The room that the robot drives in: its path, a figure of eight, and what its laser sees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF_LENGTH = 3.5
HALF_WIDTH = 2.0
PILLARS = ((-1.6, 0.0, 0.3), (1.6, 0.0, 0.3))  # x, y, radius; one in each loop of the path
PATH_LENGTH = 2.6  # x = PATH_LENGTH sin u, y = PATH_WIDTH sin u cos u
PATH_WIDTH = 2.4
TOP_SPEED = 0.8
ACCELERATION = 0.6
DRAIN = 0.6  # percent of the battery per second of driving
CHARGE = 0.3  # and per second of standing
ENOUGH = 5.0  # percent; what an empty battery has to have again before the robot drives on
RAYS = 180
RANGE_MIN = 0.05
RANGE_MAX = 12.0

BEARINGS: NDArray[np.float64] = np.linspace(-math.pi, math.pi, RAYS, endpoint=False)


@dataclass
class Drive:
    """Where the robot is on its path, and how it moves. Metres, radians and seconds."""

    u: float = 0.0
    x: float = 0.0
    y: float = 0.0
    yaw: float = math.atan2(PATH_WIDTH, PATH_LENGTH)
    speed: float = 0.0
    yaw_rate: float = 0.0
    acceleration: float = 0.0
    motors_on: bool = False
    laps: float = 0.0
    percent: float = 100.0  # of the battery
    empty: bool = False  # stays so until there is enough again

    def step(self, seconds: float) -> None:
        """Drive on for ``seconds``: speed up with the motors on, slow down with them off.

        An empty battery turns the motors off.
        """
        self.motors_on = self.motors_on and not self.empty
        wanted = TOP_SPEED if self.motors_on else 0.0
        change = math.copysign(ACCELERATION * seconds, wanted - self.speed)
        before = self.speed
        self.speed = wanted if abs(wanted - before) <= abs(change) else before + change
        self.acceleration = (self.speed - before) / seconds

        dx = PATH_LENGTH * math.cos(self.u)
        dy = PATH_WIDTH * math.cos(2 * self.u)
        ddx = -PATH_LENGTH * math.sin(self.u)
        ddy = -2 * PATH_WIDTH * math.sin(2 * self.u)
        stretch = math.hypot(dx, dy)
        self.yaw_rate = self.speed * (dx * ddy - dy * ddx) / stretch**3
        self.yaw = math.atan2(dy, dx)
        self.u += self.speed * seconds / stretch
        self.laps = self.u / (2 * math.pi)
        self.x = PATH_LENGTH * math.sin(self.u)
        self.y = PATH_WIDTH * math.sin(self.u) * math.cos(self.u)
        drain = DRAIN if self.speed > 0 else -CHARGE
        self.percent = min(100.0, max(0.0, self.percent - drain * seconds))
        self.empty = self.percent < ENOUGH if self.empty else self.percent == 0

    def path(self, points: int) -> NDArray[np.float64]:
        """Where it drives next, half a lap ahead: x and y of each point."""
        ahead = self.u + np.linspace(0, math.pi, points)
        return np.stack(
            [PATH_LENGTH * np.sin(ahead), PATH_WIDTH * np.sin(ahead) * np.cos(ahead)], axis=1
        )

    def scan(self) -> NDArray[np.float32]:
        """Distance to the nearest wall or pillar at each of ``BEARINGS``, seen from the robot."""
        directions = self.yaw + BEARINGS
        cos, sin = np.cos(directions), np.sin(directions)
        with np.errstate(divide="ignore"):
            ranges = np.minimum(
                (np.copysign(HALF_LENGTH, cos) - self.x) / cos,
                (np.copysign(HALF_WIDTH, sin) - self.y) / sin,
            )
        for x, y, radius in PILLARS:
            along = (x - self.x) * cos + (y - self.y) * sin
            beside = (x - self.x) * sin - (y - self.y) * cos
            depth = radius**2 - beside**2
            hit = (depth > 0) & (along > 0)
            ranges[hit] = np.minimum(ranges[hit], along[hit] - np.sqrt(depth[hit]))
        return np.clip(ranges, RANGE_MIN, RANGE_MAX).astype(np.float32)
