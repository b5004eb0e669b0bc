# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What comes again and again, as async iterators.

Imports what ``_coroutines`` may, and of that what all of it shares. Invariant: a stream that nobody
holds has no entity, and what has reached a stream is lost by a full queue only.
"""
