# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tests of the asyncio-native API: coroutines, streams and goals.
