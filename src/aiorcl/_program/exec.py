# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a program as ``python`` does, in the process that is there."""

from __future__ import annotations

import builtins
import importlib.machinery
import importlib.metadata
import importlib.util
import io
import os
import pkgutil
import sys
import zipfile
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from aiorcl._loop.blocks import block
from aiorcl._program.argument_error import ArgumentError

# Whose frames stand between ours and those of the program that is run.
_BETWEEN = ("runpy", "importlib", "_frozen_importlib", "_frozen_importlib_external")


def run_program(program: Sequence[str]) -> None:
    """Run a script by its path, or an executable of a package, and its arguments.

    :raises ArgumentError: if it is neither.
    """
    name, *arguments = program
    # A workspace has folders that are called as its packages.
    is_package = bool(arguments) and os.sep not in name and not _may_be_run(Path(name))
    if Path(name).exists() and not is_package:
        _run_path(name, program)
    elif not arguments or os.sep in name:
        raise ArgumentError(f"no such file: '{name}'{_meant(name)}")
    else:
        _run_executable(name, *arguments)


def run_module(name: str, arguments: Sequence[str]) -> None:
    """Run a module as ``python -m`` does.

    :raises ArgumentError: if there is none.
    """
    _begin_path(str(Path.cwd()))
    sys.argv[:] = [name, *arguments]
    with _without_our_frames():
        spec, code = _found(name)
        sys.argv[0] = str(spec.origin)
        _run_spec(spec, code)


def _run_spec(spec: ModuleSpec, code: CodeType) -> None:
    _run_as_main(
        code,
        __file__=spec.origin,
        __loader__=spec.loader,
        __cached__=spec.cached,
        __spec__=spec,
        __package__=spec.parent,
    )


def _found(name: str) -> tuple[ModuleSpec, CodeType]:
    """Find a module, or the ``__main__`` of a package, and its code."""
    hint = ""
    try:
        spec = importlib.util.find_spec(name) if all(name.split(".")) else None
        if spec is not None and spec.submodule_search_locations is not None:
            hint = f"; '{name}' is a package"
            name += ".__main__"
            spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise  # a package above it is there, and imports something that is not
        spec = None
    if spec is None:
        raise ArgumentError(f"No module named {name}{hint}")
    code = _code_of(spec)
    if code is None:
        raise ArgumentError(f"the module '{name}' is no program of Python")
    return spec, code


def _code_of(spec: ModuleSpec) -> CodeType | None:
    get_code = getattr(spec.loader, "get_code", None)
    code: CodeType | None = None if get_code is None else get_code(spec.name)
    return code


def _may_be_run(path: Path) -> bool:
    return not path.is_dir() or any(
        (path / f"__main__{suffix}").is_file() for suffix in importlib.machinery.all_suffixes()
    )


def _run_path(path: str, command_line: Sequence[str]) -> None:
    sys.argv[:] = command_line
    if Path(path).is_dir() or zipfile.is_zipfile(path):
        _run_folder(path)
        return
    code = _compiled(path)
    _begin_path(str(Path(path).resolve().parent))
    with _without_our_frames():
        _run_as_main(
            code,
            __file__=code.co_filename,
            __loader__=importlib.machinery.SourceFileLoader("__main__", code.co_filename),
            __cached__=None,
        )


def _run_folder(path: str) -> None:
    """Run the ``__main__`` of a folder, or of a zip file."""
    directory = str(Path(path).absolute())
    # python puts it there under -P, too.
    sys.path[: not sys.flags.safe_path] = [directory]
    with _without_our_frames():
        importer = pkgutil.get_importer(directory)
        spec = None if importer is None else importer.find_spec("__main__")
        code = None if spec is None else _code_of(spec)
        if spec is None or code is None:
            raise ArgumentError(f"'{path}' has no '__main__' that is a program of Python")
        _run_spec(spec, code)


def _run_as_main(code: CodeType, **attributes: Any) -> None:
    # Not by runpy, which lets __file__ and sys.argv[0] be the same, and __main__ end with the code.
    main = ModuleType("__main__")
    main.__dict__.update(attributes, __builtins__=builtins)
    sys.modules["__main__"] = main
    exec(code, main.__dict__)


def _compiled(path: str) -> CodeType:
    file = str(Path(path).absolute())
    try:
        with io.open_code(file) as source:
            text = source.read()
    except OSError as error:
        raise ArgumentError(f"'{path}' cannot be read: {error.strerror}") from None
    shebang, _, _ = text.partition(b"\n")
    if b"\0" in text or (shebang.startswith(b"#!") and b"python" not in shebang):
        raise ArgumentError(f"'{path}' is no program of Python")
    with _without_our_frames():
        return compile(text, file, "exec", dont_inherit=True)


def _run_executable(package: str, executable: str, *arguments: str) -> None:
    """Run what ``ros2 run`` would, or a console script of a distribution."""
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        path = Path(prefix, "lib", package, executable)
        if prefix and path.is_file():
            _run_path(str(path), [str(path), *arguments])
            return
    entry_point = _entry_point(package, executable)
    sys.argv[:] = [executable, *arguments]
    with _without_our_frames():
        sys.exit(entry_point.load()())


def _entry_point(package: str, executable: str) -> EntryPoint:
    try:
        scripts = importlib.metadata.distribution(package).entry_points
    except importlib.metadata.PackageNotFoundError:
        raise ArgumentError(
            f"no such file: '{package}', nor is there a package of this name, in "
            "AMENT_PREFIX_PATH or installed in this Python, with an executable "
            f"'{executable}'"
        ) from None
    scripts = scripts.select(group="console_scripts")
    for script in scripts:
        if script.name == executable:
            return script
    names = ", ".join(sorted(script.name for script in scripts))
    has = f"; it has {names}" if names else ""
    raise ArgumentError(f"the package '{package}' has no executable '{executable}'{has}")


def _begin_path(directory: str) -> None:
    if not sys.flags.safe_path:
        sys.path[0] = directory


def _meant(name: str) -> str:
    module = name.replace(os.sep, ".").removesuffix(".py")
    is_name = all(part.isidentifier() for part in module.split("."))
    return f"; for a module write aiorcl exec -m {module}" if is_name and os.sep not in name else ""


@block
def _without_our_frames() -> Iterator[None]:
    """Let what leaves the block be shown without the frames that ``python`` would not have."""
    try:
        yield
    except BaseException as error:
        left, show = error, sys.excepthook

        def show_without(
            cls: type[BaseException], shown: BaseException, traceback: TracebackType | None
        ) -> None:
            if shown is left:
                traceback = _beyond_ours(traceback)
                BaseException.with_traceback(shown, traceback)
            show(cls, shown, traceback)

        sys.excepthook = show_without
        raise


def _beyond_ours(traceback: TracebackType | None) -> TracebackType | None:
    """Return the part of a traceback that begins with the program's own frames."""
    names = []
    each = traceback
    while each is not None:
        names.append(each.tb_frame.f_globals.get("__name__", ""))
        each = each.tb_next
    count = names.index(__name__) if __name__ in names else 0
    while count < len(names) and (
        names[count] == __name__ or names[count].partition(".")[0] in _BETWEEN
    ):
        count += 1
    for _ in range(count):
        assert traceback is not None  # it is as long as the names
        traceback = traceback.tb_next
    return traceback
