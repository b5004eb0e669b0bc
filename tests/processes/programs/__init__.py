# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Programs that tests run in processes of their own: python -m tests.processes.programs.NAME
