# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A robot, its monitor and a web page: aiorcl at its main job, over Fast DDS."""
