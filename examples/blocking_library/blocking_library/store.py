# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The library that blocks: SQLite waits for the disk, and for whoever else has the file locked.

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

PATIENCE_SEC = 60


class Store:
    """Measurements in a SQLite file. Every method may block; any thread may call any of them."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, timeout=PATIENCE_SEC, check_same_thread=False)
        self._lock = threading.Lock()  # one connection does one thing at a time
        with self._database:
            self._database.execute("CREATE TABLE IF NOT EXISTS measurement (ns INT, value REAL)")

    def add(self, rows: Sequence[tuple[int, float]]) -> None:
        """Store measurements, each with its time in nanoseconds."""
        with self._lock, self._database:
            self._database.executemany("INSERT INTO measurement VALUES (?, ?)", rows)

    def summarize(self) -> tuple[int, float]:
        """Count what is stored, and take its mean."""
        with self._lock:
            query = "SELECT count(*), ifnull(avg(value), 0) FROM measurement"
            count, mean = self._database.execute(query).fetchone()
            return count, mean

    def close(self) -> None:
        """Close the file, after what is under way."""
        with self._lock:
            self._database.close()
