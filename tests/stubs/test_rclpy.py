# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The stubs of rclpy: they hide nothing of the installed release, and let type checkers see more.

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.interfaces import Check

TYPED = Path(__file__).resolve().parents[1] / "typed"
MODULES = (
    *("action", "action.client", "action.server", "callback_groups", "client"),
    *("impl.rcutils_logger", "lifecycle.managed_entity", "lifecycle.node", "node", "parameter"),
    *("publisher", "qos", "service", "subscription", "task", "timer", "type_support"),
)


def stub_of(module: str, stubs: Path) -> ast.Module:
    """Parse the stub of a module of rclpy."""
    place = stubs / "rclpy-stubs" / module.replace(".", "/")
    file = place.with_suffix(".pyi")
    return ast.parse((file if file.exists() else place / "__init__.pyi").read_text())


def bound_in(body: list[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """Return the statements of a body by the names that they bind, those in an ``if`` too."""
    bound: dict[str, list[ast.stmt]] = {}
    for statement in body:
        names = []
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names = [statement.name]
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            names = [(each.asname or each.name).partition(".")[0] for each in statement.names]
        elif isinstance(statement, ast.Assign):
            names = [each.id for each in statement.targets if isinstance(each, ast.Name)]
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names = [statement.target.id]
        elif isinstance(statement, ast.If):
            for name, found in bound_in(statement.body).items():
                bound.setdefault(name, []).extend(found)
        for name in names:
            bound.setdefault(name, []).append(statement)
    return bound


def public(names: Any) -> set[str]:
    """Return those that are nobody's private business."""
    return {name for name in names if not name.startswith("_")}


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Name the parameters of a function, in their order."""
    arguments = function.args
    variable = [arguments.vararg] if arguments.vararg else []
    keywords = [arguments.kwarg] if arguments.kwarg else []
    listed = [*arguments.posonlyargs, *arguments.args, *variable, *arguments.kwonlyargs, *keywords]
    return [each.arg for each in listed]


def is_overload(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is one of several with a name."""
    return "overload" in map(ast.unparse, function.decorator_list)


def classes_of(module: ModuleType) -> list[type]:
    """Return the classes that a module makes."""
    found = [value for value in vars(module).values() if isinstance(value, type)]
    return [cls for cls in found if cls.__module__ == module.__name__]


def members_of(cls: type, has: dict[str, list[ast.stmt]]) -> dict[str, list[ast.stmt]]:
    """Return what a class has in a stub, or gets there from bases in its own module."""
    members: dict[str, list[ast.stmt]] = {}
    for base in reversed(cls.__mro__):
        if base.__module__ == cls.__module__:
            (written,) = (each for each in has[base.__name__] if isinstance(each, ast.ClassDef))
            members |= bound_in(written.body)
    return members


@pytest.mark.parametrize("name", MODULES)
def test_stub_has_all_names_of_the_module(name: str, stubs: Path) -> None:
    """What users import from a module of rclpy they import as they do without the stub."""
    module = importlib.import_module(f"rclpy.{name}")
    has = bound_in(stub_of(name, stubs).body)
    submodules = {key for key, value in vars(module).items() if isinstance(value, ModuleType)}
    assert public(vars(module)) - submodules <= has.keys()


@pytest.mark.parametrize("name", MODULES)
def test_functions_take_what_those_of_the_installed_release_take(name: str, stubs: Path) -> None:
    """Each method is there, in each of its overloads, with the parameters of this release."""
    module = importlib.import_module(f"rclpy.{name}")
    has = bound_in(stub_of(name, stubs).body)
    for cls in classes_of(module):
        members = members_of(cls, has)
        for method, value in vars(cls).items():
            function = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
            is_own = inspect.isfunction(function) and function.__module__ == module.__name__
            if method.startswith("_") and not (is_own and method == "__init__"):
                continue
            if inspect.isfunction(function) or isinstance(value, property):
                assert method in members, f"{cls.__name__}.{method}"
            if isinstance(value, property):
                written_as = [
                    ast.unparse(decorator)
                    for each in members[method]
                    if isinstance(each, ast.FunctionDef)
                    for decorator in each.decorator_list
                ]
                setter = [f"{method}.setter"] if value.fset else []
                assert written_as == ["property", *setter], f"{cls.__name__}.{method}"
            if is_own:
                takes = list(inspect.signature(function).parameters)
                for each in members[method]:
                    assert isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))
                    assert parameters(each) == takes or (
                        is_overload(each) and set(parameters(each)) <= set(takes)
                    ), f"{cls.__name__}.{method}"


@pytest.mark.timeout(120)  # mypy reads all of numpy
def test_types_are_those_that_the_programs_say(check: Check) -> None:
    """Each line that is right is clean, and each that is wrong has just the error named there."""
    assert check("--strict", TYPED / "stubbed.py") == "Success: no issues found in 1 source file\n"
