# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Finds rcl in a sourced ROS 2, or beside the ros-rcl wheel of the Python that builds.
#
# Defines the target Rcl::rcl: the headers of rcl and of all they include, and the C libraries.
# find_package(rcl) is no way to the wheels: their exported targets name paths of the machine
# that built them. Headers and libraries lie the same in /opt/ros/<distro> and in the wheels.

if(NOT "$ENV{AMENT_PREFIX_PATH}" STREQUAL "")
  string(REPLACE ":" ";" rcl_prefixes "$ENV{AMENT_PREFIX_PATH}")
else()
  set(rcl_prefixes)
endif()
if(Python_EXECUTABLE)
  # In an isolated build the wheel lies in pip's build environment, not under sys.prefix.
  execute_process(
    COMMAND
      "${Python_EXECUTABLE}" -c
      "from importlib.metadata import files
header = next(f for f in files('ros-rcl') if f.parts[-2:] == ('rcl', 'rcl.h'))
print(header.locate().resolve().parents[3], end='')"
    OUTPUT_VARIABLE rcl_wheel_prefix
    ERROR_QUIET
  )
  list(APPEND rcl_prefixes ${rcl_wheel_prefix})
endif()

set(
  rcl_packages
  rcl
  rcl_action
  rcl_yaml_param_parser
  rcl_interfaces
  action_msgs
  builtin_interfaces
  rcutils
  rmw
  rosidl_dynamic_typesupport
  rosidl_runtime_c
  rosidl_typesupport_interface
  rosidl_typesupport_introspection_c
  service_msgs
  type_description_interfaces
  unique_identifier_msgs
)
set(
  rcl_libraries
  rcl
  rcl_action
  rcutils
  rmw
  rosidl_runtime_c
  rosidl_typesupport_introspection_c
)

set(rcl_required)
set(Rcl_INCLUDE_DIRS)
foreach(package IN LISTS rcl_packages)
  find_path(
    Rcl_${package}_INCLUDE_DIR
    NAMES ${package}
    HINTS ${rcl_prefixes}
    PATH_SUFFIXES include/${package}
    NO_DEFAULT_PATH
  )
  list(APPEND rcl_required Rcl_${package}_INCLUDE_DIR)
  list(APPEND Rcl_INCLUDE_DIRS "${Rcl_${package}_INCLUDE_DIR}")
endforeach()
set(Rcl_LIBRARIES)
foreach(library IN LISTS rcl_libraries)
  find_library(
    Rcl_${library}_LIBRARY
    NAMES ${library}
    HINTS ${rcl_prefixes}
    PATH_SUFFIXES lib
    NO_DEFAULT_PATH
  )
  list(APPEND rcl_required Rcl_${library}_LIBRARY)
  list(APPEND Rcl_LIBRARIES "${Rcl_${library}_LIBRARY}")
endforeach()
mark_as_advanced(${rcl_required})

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  Rcl
  REQUIRED_VARS ${rcl_required}
  REASON_FAILURE_MESSAGE
    "Source your ROS 2 setup (source /opt/ros/<distro>/setup.bash), or pip install ros-rcl-action"
)

if(Rcl_FOUND AND NOT TARGET Rcl::rcl)
  add_library(Rcl::rcl INTERFACE IMPORTED)
  set_target_properties(
    Rcl::rcl
    PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${Rcl_INCLUDE_DIRS}"
      INTERFACE_LINK_LIBRARIES "${Rcl_LIBRARIES}"
      # What librcl itself needs is resolved at run time, by the ROS that is loaded then.
      INTERFACE_LINK_OPTIONS "LINKER:--allow-shlib-undefined,--as-needed"
  )
endif()
