# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What the command says of arguments that it cannot do anything with."""


class ArgumentError(Exception):
    """What the user asked for cannot be run; the text says why, for the user."""
