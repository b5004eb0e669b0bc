# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Why no stubs are written."""

from __future__ import annotations


class StubsError(Exception):
    """Stubs cannot be written; the text says why, and what to do, for the user."""
