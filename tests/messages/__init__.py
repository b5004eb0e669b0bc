# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The conversion of messages, field by field and type by type.
