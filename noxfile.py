# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The sessions behind ./dev, each in an environment of its own under .venv.

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

# Started as a program, nox does not look for modules beside this file.
sys.path.insert(0, str(Path(__file__).parent))
from tools.arm import test_on_arm
from tools.compiler import build_without_compiler, compiles
from tools.environments import BUILD, PROJECT, ROOT, group, headers, install, ros, wheel_directory
from tools.interfaces import install_interfaces
from tools.sourced import taken_from_environment
from tools.sources import tracked
from tools.stub import STUB, write_stub
from tools.types import check_types

nox.needs_version = ">=2026.2"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.envdir = ".venv"
nox.options.error_on_missing_interpreters = True
nox.options.reuse_venv = "yes"

CI = os.environ.get("CI") == "true"
DISTROS = ("jazzy", "kilted")
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
PYTHONS = sorted({"3.11", "3.12", "3.13", "3.14", HERE})
# Of every build of ours; those of users go on after a warning of a compiler that is newer.
STRICT = {"cmake.define.CMAKE_COMPILE_WARNING_AS_ERROR": "ON"}
# What runs under a sanitizer in the extension, too: the tests of conversion, of entities that come,
# go and are collected, of ends and of threads. The others would take too long; and those of parity
# run rclpy's executors too, which meet what other threads destroy when AddressSanitizer slows them.
_LIFETIMES = ("tests/core_entities", "tests/executor", "tests/serving", "tests/tasks")
SANITIZED_TESTS = {
    "address": (
        "tests/messages",
        *_LIFETIMES,
        "tests/parity/test_entities.py::test_a_publisher_is_used_by_several_threads",
    ),
    "undefined": ("tests/messages", *_LIFETIMES, "tests/parity"),
}
# What the extension is linked to, and a wheel of it leaves to the ROS that is there.
LIBRARIES_OF_ROS = (
    *("rcl", "rcl_action", "rcutils", "rmw", "rosidl_runtime_c"),
    "rosidl_typesupport_introspection_c",
)
# What a wheel is tried with where nothing but it and a ROS is installed.
SMOKE_TESTS = (
    "tests/test_packaging.py",
    *(f"tests/parity/test_{name}.py" for name in ("actions", "services", "subscriptions")),
)
# After Ctrl-C pytest and the demo stop the processes that they started.
PATIENCE_SEC = 20

# Before any session.
SOURCED = taken_from_environment()


@nox.session(python=PYTHONS)
def wheel(session: nox.Session) -> None:
    """Build the wheel of one Python, for all distros, if the sources changed."""
    built = wheel_directory(str(session.python))
    if any(built.glob("*.whl")):
        session.log(f"These sources are built already: {built.relative_to(ROOT)}")
        return
    install(session, *PROJECT["build-system"]["requires"], *group("build"), *headers())
    shutil.rmtree(built.parent, ignore_errors=True)
    settings = {"build-dir": str(BUILD / "cmake-{wheel_tag}"), **STRICT}
    options = [f"--config-setting={name}={value}" for name, value in settings.items()]
    session.run(
        *("python", "-m", "build", "--wheel", "--no-isolation", "--outdir", str(built), *options)
    )


@nox.session(python=PYTHONS, requires=["wheel-{python}"])
def wheels(session: nox.Session) -> None:
    """Put the wheel of one Python into dist/, for every Linux that it runs on, and try it."""
    install(session, *group("wheels"))
    (built,) = wheel_directory(str(session.python)).glob("*.whl")
    repaired = BUILD / "repaired" / str(session.python)
    shutil.rmtree(repaired, ignore_errors=True)
    session.run(
        *("auditwheel", "repair", "--plat", "auto", "--wheel-dir", str(repaired), str(built)),
        *(f"--exclude=lib{name}.so" for name in LIBRARIES_OF_ROS),
        silent=True,
    )
    (made,) = repaired.glob("*.whl")
    uv = [sys.executable, "-m", "uv", "--quiet"]
    for distro in DISTROS:
        environment = Path(session.create_tmp()) / distro
        python = str(environment / "bin" / "python")
        session.run(
            *(*uv, "venv", "--clear", "--python", str(session.python), str(environment)),
            external=True,
        )
        session.run(
            *(*uv, "pip", "install", "--python", python, f"aiorcl[{distro}] @ {made.as_uri()}"),
            *group("test", f"test-{distro}"),
            external=True,
        )
        session.run(python, "-m", "pytest", "-q", *SMOKE_TESTS, *session.posargs, external=True)
    dist = ROOT / "dist"
    dist.mkdir(exist_ok=True)
    shutil.copy(made, dist)
    session.log(f"{(dist / made.name).relative_to(ROOT)} runs on {' and '.join(DISTROS)}")


@nox.session(python=PYTHONS, requires=["wheel-{python}"])
@nox.parametrize("distro", DISTROS, ids=DISTROS)
def tests(session: nox.Session, distro: str) -> None:
    """Run pytest on one distro; more arguments go to pytest."""
    run_tests(session, distro)


@nox.session(venv_params=["--system-site-packages"])
def sourced(session: nox.Session) -> None:
    """Run pytest on the ROS that is sourced, with a build for it; more arguments go to pytest."""
    if "AMENT_PREFIX_PATH" not in SOURCED:
        session.error("No ROS is sourced: for example `. /opt/ros/jazzy/setup.sh` before")
    requires = PROJECT["build-system"]["requires"]
    install(session, *requires, *group("build", "test", "bench", "demo", "examples"))
    session.env.update({name: SOURCED[name] for name in SOURCED if not name.startswith("_")})
    options = ("--no-build-isolation", "--no-deps", "--reinstall")
    settings = {"build-dir": str(BUILD / "cmake-sourced"), **STRICT}
    chosen = [f"--config-setting={name}={value}" for name, value in settings.items()]
    session.run("uv", "pip", "install", *options, *chosen, ".")
    # Those of the system, which ROS brings more of, are not for these tests.
    session.env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    run_pytest(session, "-p", "xdist", "-p", "timeout")


@nox.session(requires=[f"wheel-{HERE}"])
def debug(session: nox.Session) -> None:
    """Run pytest on Kilted with asyncio in its debug mode; more arguments go to pytest."""
    session.env["PYTHONASYNCIODEBUG"] = "1"
    session.env["PYTHONPATH"] = str(ROOT / "tests" / "support" / "debug_mode")
    run_tests(session, "kilted")


@nox.session
@nox.parametrize(
    "sanitizer",
    ["", "address", "thread", "undefined"],
    ids=["plain", "address", "thread", "undefined"],
)
def core(session: nox.Session, sanitizer: str) -> None:
    """Build and run the C++ unit tests."""
    if not compiles("#include <doctest/doctest.h>"):
        message = "The C++ unit tests need doctest (Debian and Ubuntu: apt install doctest-dev)"
        if CI:
            session.error(message)
        session.skip(message)
    install(session, *group("build"), *ros("kilted"))
    build = str(BUILD / f"core-{sanitizer or 'plain'}")
    session.run(
        *("cmake", "-S.", f"-B{build}", "-GNinja", "-DAIORCL_EXTENSION=OFF", "-DBUILD_TESTING=ON"),
        f"-DCMAKE_BUILD_TYPE={'RelWithDebInfo' if sanitizer else 'Debug'}",
        "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON",
        f"-DAIORCL_SANITIZER={sanitizer}",
        silent=True,
    )
    session.run("cmake", "--build", build)
    # ctest of the environment is a Python script, so the wheels of ROS set its library path.
    session.run("ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error")


@nox.session
def arm(session: nox.Session) -> None:
    """Compile the events layer for ARM, and run the tests that need no ROS under QEMU."""
    test_on_arm(session)


@nox.session
@nox.parametrize("sanitizer", list(SANITIZED_TESTS), ids=list(SANITIZED_TESTS))
def extension(session: nox.Session, sanitizer: str) -> None:
    """Run tests with the extension built for a sanitizer; more arguments go to pytest."""
    preloaded = []
    if sanitizer == "address":
        compiler = os.environ.get("CXX", "c++").split()
        # That of C++ too, or AddressSanitizer does not find what it has to follow exceptions.
        preloaded = [
            subprocess.run(
                [*compiler, f"-print-file-name={name}"], capture_output=True, text=True
            ).stdout.strip()
            for name in ("libasan.so", "libstdc++.so")
        ]
        if not all(Path(library).is_file() for library in preloaded):
            session.skip("AddressSanitizer's library is not there (it comes with gcc)")
    settings = {
        "build-dir": str(BUILD / f"cmake-{sanitizer}"),
        "cmake.define.AIORCL_SANITIZER": sanitizer,
        "cmake.build-type": "RelWithDebInfo",
        **STRICT,
    }
    install(
        session,
        *(*PROJECT["build-system"]["requires"], *group("build", "test", "test-kilted", "bench")),
        *(*ros("kilted"), *headers()),
    )
    options = [f"--config-setting={name}={value}" for name, value in settings.items()]
    session.run("uv", "pip", "install", "--no-build-isolation", "--no-deps", *options, ".")
    # The interpreter's own memory outlives it; leaks of ours are counted by tests.
    session.env.update(ASAN_OPTIONS="detect_leaks=0", UBSAN_OPTIONS="print_stacktrace=1")
    if preloaded:
        session.env.update(LD_PRELOAD=":".join(preloaded), PYTHONMALLOC="malloc")
    run_pytest(session, *SANITIZED_TESTS[sanitizer])


@nox.session
def layout(session: nox.Session) -> None:
    """Run tests with the extension, and messages, in the layout of Lyrical; more go to pytest."""
    install(
        session,
        *(
            *PROJECT["build-system"]["requires"],
            *group("build", "generators-kilted", "test", "test-kilted"),
        ),
        *(*ros("kilted"), *headers()),
    )
    prefix, build = session.virtualenv.location, BUILD / "layout"
    of_ros = {"AMENT_PREFIX_PATH": prefix, "LD_LIBRARY_PATH": f"{prefix}/lib"}
    session.run(
        *("cmake", "-S", "tests/layout", f"-B{build}", "-GNinja", "-Wno-dev"),
        *(f"-DCMAKE_PREFIX_PATH={prefix}", "-DBUILD_TESTING=OFF"),
        *(f"-DPython3_EXECUTABLE={prefix}/bin/python", "-DPython3_FIND_VIRTUALENV=ONLY"),
        env=of_ros,
        silent=True,
    )
    session.run("cmake", "--build", str(build), env=of_ros, silent=True)
    settings = {"build-dir": str(BUILD / "cmake-layout"), **STRICT}
    options = [f"--config-setting={name}={value}" for name, value in settings.items()]
    session.run(
        *("uv", "pip", "install", "--no-build-isolation", "--no-deps", *options, "."),
        env={"CXXFLAGS": f"-I{build}/include"},
    )
    generated = {"LD_LIBRARY_PATH": str(build), "PYTHONPATH": str(build / "rosidl_generator_py")}
    session.run(
        *("python", "-m", "pytest", "-o", "addopts=-ra -p no:asyncio", "--confcutdir=tests/layout"),
        *("tests/layout", *session.posargs),
        env=generated,
    )


@nox.session(venv_backend="venv", reuse_venv=False)
def package(session: nox.Session) -> None:
    """Install ROS and the source distribution with plain pip, in an empty environment."""
    sdist = BUILD / "sdist"
    shutil.rmtree(sdist, ignore_errors=True)
    uv = [sys.executable, "-m", "uv", "--quiet"]
    session.run(*uv, "build", "--sdist", "--out-dir", str(sdist), external=True)
    (archive,) = sdist.glob("*.tar.gz")
    session.run("python", "-m", "pip", "install", "-qq", f"aiorcl[kilted] @ {archive.as_uri()}")
    session.run("python", "-c", "import aiorcl, aiorcl._core; print(aiorcl._core.__file__)")
    install(session, *group("build"))
    build_without_compiler(session)


@nox.session
def colcon(session: nox.Session) -> None:
    """Build with colcon and ament_cmake, and run the packaging tests on what is installed."""
    install(session, *group("colcon"), *group("build"), *group("test"), *ros("kilted"))
    prefix = session.virtualenv.location
    session.env.update(AMENT_PREFIX_PATH=prefix, CMAKE_PREFIX_PATH=prefix)
    tree = BUILD / "colcon"
    bases = ["--build-base", str(tree / "build"), "--install-base", str(tree / "install")]
    logs = ["--log-base", str(tree / "log")]
    session.run(
        *("colcon", *logs, "build", *bases, "--paths", ".", "--event-handlers", "console_direct+"),
        *("--cmake-args", "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON"),
    )
    sourced = f'. "{tree}/install/local_setup.sh" && exec "$@"'
    command = ["python", "-m", "pytest", "tests/test_packaging.py"]
    session.env["COLCON_CURRENT_PREFIX"] = str(tree / "install")
    session.run("sh", "-c", sourced, "sh", *command, external=True)


@nox.session(requires=[f"wheel-{HERE}"])
def lint(session: nox.Session) -> None:
    """Check format, types, spelling, headers and the stub; ``--fix`` mends what a tool can mend."""
    fix = "--fix" in session.posargs
    install_wheel(
        session, "kilted", "lint", "dev", "test", "test-kilted", "bench", "demo", "examples"
    )
    cpp = BUILD / "lint" / "cpp"
    cpp.parent.mkdir(parents=True, exist_ok=True)
    cpp.write_text("\n".join(sorted(tracked("*.cpp", "*.hpp"))))
    stub = write_stub(session, fix)
    python = str(Path(session.bin) / "python")
    checks = [
        ["ruff", "check", *(["--fix"] if fix else []), ".", "dev"],
        ["ruff", "format", *([] if fix else ["--check"]), ".", "dev"],
        ["clang-format", *(["-i"] if fix else ["--dry-run", "-Werror"]), f"--files={cpp}"],
        [
            "gersemi",
            "-i" if fix else "--check",
            *tracked("CMakeLists.txt", "*/CMakeLists.txt", "*.cmake"),
        ],
        ["lint-imports"],
        ["mypy"],
        ["basedpyright", "--pythonpath", python],
        ["codespell"],
        ["python", "-m", "tools.sources"],
    ]
    failed = [] if stub else [STUB.name]
    for check in checks:
        try:
            session.run(*check)
        except nox.command.CommandFailed:
            failed.append(" ".join(check[:3]))
    if failed:
        session.error(f"Failed: {', '.join(failed)} (./dev lint --fix mends format and stub)")


@nox.session(requires=[f"wheel-{HERE}"])
@nox.parametrize("distro", DISTROS, ids=DISTROS)
def types(session: nox.Session, distro: str) -> None:
    """Check with the stubs of a distro what users write: the examples, and tests/typed."""
    install_wheel(session, distro, "lint", f"test-{distro}", "demo", "examples")
    check_types(session, distro)


@nox.session(requires=[f"wheel-{HERE}"])
@nox.parametrize("distro", DISTROS, ids=DISTROS)
def demo(session: nox.Session, distro: str) -> None:
    """Run the demo; more arguments go to it."""
    install_wheel(session, distro, "demo", f"test-{distro}")
    run(session, "demo", *session.posargs)


@nox.session(requires=[f"wheel-{HERE}"])
@nox.parametrize("distro", DISTROS, ids=DISTROS)
def bench(session: nox.Session, distro: str) -> None:
    """Run the benchmarks; more arguments go to them."""
    install_wheel(session, distro, "bench", "build", f"test-{distro}")
    run(session, "benchmarks", *session.posargs)


@nox.session(requires=[f"wheel-{HERE}"])
def soak(session: nox.Session) -> None:
    """Load a robot for ten minutes, and tell what has grown."""
    install_wheel(session, "kilted", "bench", "test-kilted")
    run(session, "benchmarks", "soak")


@nox.session(requires=[f"wheel-{HERE}"])
def docs(session: nox.Session) -> None:
    """Build the documentation."""
    install_wheel(session, "kilted", "docs")
    html = BUILD / "docs"
    session.run("sphinx-build", "-W", "--keep-going", "docs", str(html), *session.posargs)
    session.log(f"Open {html / 'index.html'}")


@nox.session(requires=[f"wheel-{HERE}"])
@nox.parametrize("distro", DISTROS, ids=DISTROS)
def shell(session: nox.Session, distro: str) -> None:
    """Open a shell, or run the command given, where python can import aiorcl and ROS."""
    install_wheel(session, distro, "test", "bench", "demo", "examples", f"test-{distro}")
    install_interfaces(session, distro)
    if session.posargs:
        session.run(*session.posargs, external=True, interrupt_timeout=PATIENCE_SEC)
    else:
        session.run(os.environ.get("SHELL", "sh"), external=True, success_codes=range(256))


def run_tests(session: nox.Session, distro: str) -> None:
    """Run the tests, side by side."""
    install_wheel(session, distro, "test", f"test-{distro}", "bench", "demo", "examples")
    install_interfaces(session, distro)
    others = os.environ.get("AIORCL_ONCE_ON", distro) == distro
    run_pytest(session, *(() if others else ("-m", "not long and not once")))


def run_pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest in what is installed, side by side."""
    cache = f"cache_dir={BUILD / 'pytest' / session.name}"
    # More arguments may take this back: -n0, for one process that shows what it prints.
    side_by_side = ["-n", "auto", "--dist", "worksteal"]
    run(session, "pytest", *arguments, *side_by_side, "-o", cache, *session.posargs)


def run(session: nox.Session, module: str, *arguments: str) -> None:
    """Run a module that may have to stop processes of its own after Ctrl-C."""
    session.run("python", "-m", module, *arguments, interrupt_timeout=PATIENCE_SEC)


def install_wheel(session: nox.Session, distro: str, *groups: str) -> None:
    """Install the wheel of this session's Python, a distro, and groups of pyproject.toml."""
    (built,) = wheel_directory(str(session.python or HERE)).glob("*.whl")
    install(session, f"aiorcl[{distro}] @ {built.as_uri()}", *group(*groups))
