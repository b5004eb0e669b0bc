# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The stubs of rclpy: what the installed one says of itself, amended where that denies what works.

``amendments/`` has a file for each module of rclpy that is amended: annotations of ours, by the
names of classes, functions and parameters. They take the places of rclpy's; what a function takes
besides, of what a class is besides, and what else there is, stays as the installed release has it.
What it has not is added: aiorcl gives it to its classes.
"""

from __future__ import annotations

import ast
import copy
import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from aiorcl._stubs.errors import StubsError
from aiorcl._stubs.modules import MARK
from aiorcl._stubs.packages import KINDS
from aiorcl._stubs.skeleton import Function, is_overload, names_of, reexported, skeleton_of

_AMENDMENTS = Path(__file__).parent / "amendments"
_IMPORT_TYPE_VAR = ast.parse("from typing_extensions import TypeVar as _TypeVar").body
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def rclpy_stubs() -> dict[str, str]:
    """Return the texts of the stubs by their paths, of the rclpy that is installed.

    :raises StubsError: if a module of it is not there.
    """
    amendments = {
        str(path.relative_to(_AMENDMENTS)): path.read_text()
        for path in sorted(_AMENDMENTS.rglob("*.pyi"))
    }
    sources = {path: Path(_file_of(_module_of(path))).read_text() for path in amendments}
    return dict(_own_stubs()) | amended_stubs(sources, amendments)


def amended_stubs(sources: dict[str, str], amendments: dict[str, str]) -> dict[str, str]:
    """Return the stubs of modules, from the sources and amendments by the paths of the stubs."""
    parsed = {path: ast.parse(text) for path, text in amendments.items()}
    modules = {path: skeleton_of(source) for path, source in sources.items()}
    unknown = {
        name
        for path, module in modules.items()
        for name in _unknown_parameters(module, parsed[path])
    }
    for path, module in modules.items():
        _amend_module(module, parsed[path], parsed)
        _give_defaults(module, unknown)
    return {
        path: f"{MARK}\n\n{ast.unparse(ast.fix_missing_locations(module))}\n"
        for path, module in modules.items()
    }


def _own_stubs() -> Iterator[tuple[str, str]]:
    """Yield those that rclpy brings: beside a partial package pyright does not follow them."""
    package = Path(_file_of("rclpy")).parent
    for path in sorted(package.rglob("*.pyi")):
        yield str(path.relative_to(package)), f"{MARK}\n\n{path.read_text()}"


def packages_held_by_rclpy(stubs: dict[str, str]) -> set[str]:
    """Return the interface packages that the stubs import."""
    imported = {
        module
        for text in stubs.values()
        for node in ast.walk(ast.parse(text))
        for module in _imported_by(node)
    }
    parts = [name.split(".") for name in imported if not name.startswith("rclpy.")]
    return {package for package, kind, *_ in filter(lambda each: each[1:], parts) if kind in KINDS}


def _imported_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module is not None else []


def _module_of(path: str) -> str:
    return f"rclpy/{path.removesuffix('.pyi')}".removesuffix("/__init__").replace("/", ".")


def _file_of(module: str) -> str:
    try:
        found = importlib.util.find_spec(module)
    except ImportError:
        found = None
    if found is None or found.origin is None:
        raise StubsError(f"there is no {module} here: source your ROS 2, and try again")
    return found.origin


def _classes_of(module: ast.Module) -> dict[str, ast.ClassDef]:
    return {each.name: each for each in module.body if isinstance(each, ast.ClassDef)}


def _unknown_parameters(module: ast.Module, amendment: ast.Module) -> Iterator[str]:
    """Name the type parameters of classes that come behind those that the amendments know."""
    theirs, ours = _classes_of(module), _classes_of(amendment)
    for name in theirs.keys() & ours.keys():
        yield from _behind(_parameters(theirs[name]), _parameters(ours[name]))


def _parameters(cls: ast.ClassDef) -> list[str]:
    for base in map(ast.unparse, cls.bases):
        if base.startswith("Generic["):
            return base.removeprefix("Generic[").removesuffix("]").split(", ")
    return []


def _behind(theirs: list[str], ours: list[str]) -> list[str]:
    return theirs[len(ours) :] if ours and theirs[: len(ours)] == ours else []


def _give_defaults(module: ast.Module, variables: set[str]) -> None:
    """Let type variables be Any for whoever does not name them, as amendments do not.

    Of anything: stubs do not say from which classes of rosidl those inside of an action derive.
    """
    for statement in list(module.body):
        match statement:
            case ast.Assign([ast.Name(name)], ast.Call(ast.Name("TypeVar")) as made):
                if name in variables:
                    made.func = ast.Name("_TypeVar")
                    made.keywords = [ast.keyword("default", ast.Name("_Any"))]
                    module.body[:0] = _IMPORT_TYPE_VAR


def _amend_module(
    module: ast.Module, amendment: ast.Module, amendments: dict[str, ast.Module]
) -> None:
    known = {name for statement in module.body for name in names_of(statement)}
    classes = _classes_of(module)
    added: list[ast.stmt] = []
    for statement in amendment.body:
        if isinstance(statement, ast.ImportFrom):
            added += _imports(statement, amendments, known)
        elif isinstance(statement, ast.ClassDef) and statement.name in classes:
            _amend_class(classes[statement.name], statement, classes)
        elif not known.issuperset(names_of(statement)):
            added.append(statement)
    module.body[:0] = added


def _imports(
    statement: ast.ImportFrom, amendments: dict[str, ast.Module], known: set[str]
) -> Iterator[ast.stmt]:
    """Import what is there; what this release of rclpy does not have is Any.

    What the module imports, too, may be imported from it as ever.
    """
    module = statement.module or ""
    has = set(dir(importlib.import_module(module)))
    for path, amendment in amendments.items():
        if _module_of(path) == module:
            has.update(name for each in amendment.body for name in names_of(each))
    for each in statement.names:
        imported = ast.ImportFrom(module, [each], 0)
        if each.name in has or "rclpy" not in module:
            yield reexported(imported) if known.issuperset(names_of(imported)) else imported
        else:
            yield from ast.parse(f"from typing import Any as {each.name}").body


def _amend_class(
    cls: ast.ClassDef, amendment: ast.ClassDef, classes: dict[str, ast.ClassDef]
) -> None:
    inherited = [classes[name] for name in map(_name_of, cls.bases) if name in classes]
    if not _behind(_parameters(cls), _parameters(amendment)):
        own = [base for base in amendment.bases if not _has_base(cls, base)]
        replaced = {_name_of(base) for base in own}
        kept = [base for base in cls.bases if _name_of(base) not in replaced]
        cls.bases = [*kept, *own]
    for name in dict.fromkeys(name for each in amendment.body for name in names_of(each)):
        ours = [each for each in amendment.body if name in names_of(each)]
        theirs = [each for each in cls.body if name in names_of(each)]
        if not theirs:  # newer releases have some in a base, of which others derive
            found = [each for base in inherited for each in base.body if name in names_of(each)]
            theirs = copy.deepcopy(found)
            cls.body += theirs
        if not theirs or isinstance(ours[0], ast.AnnAssign):
            cls.body = [*ours, *(each for each in cls.body if each not in theirs)]
            continue
        functions = [each for each in theirs if isinstance(each, _FUNCTIONS)]
        replaceable = [each for each in functions if not _is_setter(each)]
        if replaceable:
            made = [_amend(replaceable[-1], each) for each in ours if isinstance(each, _FUNCTIONS)]
            place = cls.body.index(replaceable[0])
            cls.body[place:place] = made
            cls.body = [each for each in cls.body if each not in replaceable]


def _name_of(base: ast.expr) -> str:
    return ast.unparse(base).partition("[")[0]


def _has_base(cls: ast.ClassDef, base: ast.expr) -> bool:
    return ast.unparse(base) in map(ast.unparse, cls.bases)


def _is_setter(function: Function) -> bool:
    """Whether it belongs to a property that another function is."""
    decorators = map(ast.unparse, function.decorator_list)
    return any(each.endswith((".setter", ".deleter")) for each in decorators)


def _amend(theirs: Function, ours: Function) -> Function:
    """Return their function with the annotations of ours, and as one overload if ours is."""
    amended = copy.deepcopy(theirs)
    amended.returns = _unless_any(ours.returns) or theirs.returns
    by_name = {each.arg: each for each in _arguments(amended)}
    for argument in _arguments(ours):
        if argument.annotation is not None and argument.arg in by_name:
            by_name[argument.arg].annotation = argument.annotation
    if is_overload(ours):
        amended.decorator_list = [*ours.decorator_list]
        _require(amended.args, {each.arg for each in _arguments(ours)} - _optional(ours.args))
    return amended


def _optional(arguments: ast.arguments) -> set[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return {
        *(each.arg for each in positional[len(positional) - len(arguments.defaults) :]),
        *(each.arg for each, default in defaults if default is not None),
    }


def _require(arguments: ast.arguments, names: set[str]) -> None:
    """Take the defaults from parameters of these names."""
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    arguments.kw_defaults = [None if each.arg in names else default for each, default in keywords]
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = positional[len(positional) - len(arguments.defaults) :]
    arguments.defaults = arguments.defaults[sum(each.arg in names for each in with_default) :]


def _arguments(function: Function) -> list[ast.arg]:
    arguments = function.args
    others = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *others]


def _unless_any(annotation: ast.expr | None) -> ast.expr | None:
    """Any says that theirs stays."""
    is_any = isinstance(annotation, ast.Name) and annotation.id == "Any"
    return None if is_any else annotation
