# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a callable takes, also where its annotations name what is not there at run time.

From Python 3.14 on annotations are evaluated when they are asked for, and one that cannot be, as of
a name that is imported for type checkers only, raises a NameError: there it stands for itself.
"""

from __future__ import annotations

import functools
import inspect
import sys

if sys.version_info >= (3, 14):
    from annotationlib import Format

    #: As ``inspect.signature``.
    signature_of = functools.partial(inspect.signature, annotation_format=Format.FORWARDREF)
else:
    signature_of = inspect.signature
