# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A module that is there, and imports one that is not; test_cli.py runs it by name.

import no_such_dependency  # type: ignore[import-not-found]  # noqa: F401
