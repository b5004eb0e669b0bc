# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A live page of a robot, served from the loop that runs the nodes.
