# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A robot that visits places, and looks after its battery and its way meanwhile.
