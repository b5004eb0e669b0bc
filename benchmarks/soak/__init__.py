# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Growth over time: a robot under full load from another process, sampled for minutes.

``robot`` is the sampled node, on one executor or another; ``load`` is the process that sends to it,
always on ours, and sampled as well. ``samples`` is what both report, line by line; ``report`` says
what has grown.
"""
