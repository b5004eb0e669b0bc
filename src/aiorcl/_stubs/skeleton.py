# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A module of Python without what it does: the stub that says what its source says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_ANY = "_Any"
_IMPORT_ANY = ast.parse("from typing import Any as _Any").body
_ELLIPSIS = ast.Constant(...)


def skeleton_of(source: str) -> ast.Module:
    """Return the stub of a module; what has no annotation there is Any.

    What the module imports from its own package may be imported from it, as at run time.
    """
    return ast.Module([*_IMPORT_ANY, *_statements(ast.parse(source).body)], [])


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    body = list(body)
    for statement in body:
        match statement:
            case ast.Import() | ast.Assign() | ast.AnnAssign():
                yield statement
            case ast.ImportFrom():
                yield reexported(statement)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if not _is_overloaded(statement, body):
                    yield _function(statement, in_class=False)
            case ast.ClassDef():
                yield _class(statement)
            case ast.If():
                chosen = list(_statements(statement.body)) or [ast.Pass()]
                yield ast.If(statement.test, chosen, list(_statements(statement.orelse)))
            case ast.Try():
                yield from _statements(statement.body)


def reexported(statement: ast.ImportFrom) -> ast.ImportFrom:
    """Return an import whose names may be imported from where it stands, if they are rclpy's."""
    if not statement.level and not (statement.module or "").startswith("rclpy"):
        return statement
    names = [
        each if each.name == "*" else ast.alias(each.name, each.asname or each.name)
        for each in statement.names
    ]
    return ast.ImportFrom(statement.module, names, statement.level)


def _class(statement: ast.ClassDef) -> ast.ClassDef:
    members: list[ast.stmt] = []
    for member in statement.body:
        match member:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if not _is_overloaded(member, statement.body):
                    members.append(_function(member, in_class=True))
            case ast.ClassDef():
                members.append(_class(member))
            case ast.Assign() | ast.AnnAssign():
                members.append(member)
    known = {name for member in members for name in names_of(member)}
    for method in statement.body:
        if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for name, annotation in _attributes_of(method):
                if name not in known and not name.startswith("__"):
                    known.add(name)
                    target = ast.Name(name, ast.Store())
                    members.insert(0, ast.AnnAssign(target, annotation, None, simple=1))
    return ast.ClassDef(
        name=statement.name,
        bases=statement.bases,
        keywords=statement.keywords,
        body=members or [ast.Pass()],
        decorator_list=statement.decorator_list,
    )


def names_of(statement: ast.stmt) -> list[str]:
    """Return the names that a statement binds."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [statement.name]
        case ast.Assign():
            return [each.id for each in statement.targets if isinstance(each, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Import() | ast.ImportFrom():
            return [each.asname or each.name for each in statement.names]
        case ast.If():
            return [name for each in statement.body for name in names_of(each)]
    return []


def is_overload(function: Function) -> bool:
    """Whether a function is one of several with a name."""
    return any(ast.unparse(each).endswith("overload") for each in function.decorator_list)


def _is_overloaded(function: Function, body: list[ast.stmt]) -> bool:
    """Whether it is what runs of a function whose overloads say what it takes."""
    return not is_overload(function) and any(
        isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))
        and each.name == function.name
        and is_overload(each)
        for each in body
    )


def _function(function: Function, *, in_class: bool) -> Function:
    returns = function.returns
    if returns is None:
        returns = ast.Constant(None) if function.name == "__init__" else ast.Name(_ANY)
    is_static = any(ast.unparse(each) == "staticmethod" for each in function.decorator_list)
    return type(function)(
        name=function.name,
        args=_annotated(function.args, has_self=in_class and not is_static),
        body=[ast.Expr(_ELLIPSIS)],
        decorator_list=function.decorator_list,
        returns=returns,
    )


def _annotated(arguments: ast.arguments, *, has_self: bool) -> ast.arguments:
    positional = [*arguments.posonlyargs, *arguments.args]
    others = [*arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    for argument in (*positional[has_self:], *others):
        if argument is not None and argument.annotation is None:
            argument.annotation = ast.Name(_ANY)
    arguments.defaults = [_ELLIPSIS for _ in arguments.defaults]
    arguments.kw_defaults = [each and _ELLIPSIS for each in arguments.kw_defaults]
    return arguments


def _attributes_of(method: Function) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a method sets on its object, and of what type that is."""
    arguments = [*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs]
    if not arguments:
        return
    types = {each.arg: each.annotation for each in arguments if each.annotation is not None}
    for node in ast.walk(method):
        match node:
            case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id=owner), attr=name)):
                if owner == arguments[0].arg:
                    yield name, node.annotation
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner), attr=name)]):
                if owner == arguments[0].arg:
                    value = node.value.id if isinstance(node.value, ast.Name) else ""
                    yield name, types.get(value) or ast.Name(_ANY)
