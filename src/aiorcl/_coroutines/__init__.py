# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The asyncio-native API: what users write as coroutines, streams and blocks.

Imports ``_serving`` and below, not ``_patches``. Invariant: whatever is cancelled, and wherever,
leaves nothing behind.
"""
