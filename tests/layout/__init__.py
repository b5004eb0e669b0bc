# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The extension, and messages, in the layout of another release of ROS.
