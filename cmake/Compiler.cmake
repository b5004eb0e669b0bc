# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Says what to install where there is no C++ compiler: CMake's own words are for people who know it.

if(NOT (CMAKE_CXX_COMPILER OR CMAKE_TOOLCHAIN_FILE OR DEFINED ENV{CXX}))
  find_program(AIORCL_CXX NAMES c++ g++ clang++)
  mark_as_advanced(AIORCL_CXX)
  if(NOT AIORCL_CXX)
    message(
      FATAL_ERROR
      "There is no C++ compiler, which builds aiorcl: install one (Debian and Ubuntu: "
      "apt install g++; Fedora: dnf install gcc-c++), or name yours by the environment variable CXX"
    )
  endif()
endif()
