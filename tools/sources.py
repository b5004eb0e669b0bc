# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Checks what no linter knows: header and length of each source, names, imports, one version.
"""``python -m tools.sources`` names what is wrong, and fails if anything is."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

COPYRIGHT = "Copyright 2026 The aiorcl authors"
LICENCE = "SPDX-License-Identifier: Apache-2.0"
COMMENTS = {
    "": "#",
    ".cmake": "#",
    ".cpp": "//",
    ".hpp": "//",
    ".pat": "#",
    ".py": "#",
    ".pyi": "#",
    ".toml": "#",
    ".txt": "#",
}
NOT_SOURCES = {"LICENSE", ".gitignore", "py.typed"}
ROOTS = {Path("src/aiorcl/__init__.py")}
LONGEST = 400
LONGEST_TEST = 450
# Where private attributes of others are used, and of rclpy's actions.
PRIVATE = ("private.py", "private_actions.py")
# What SLF001 of ruff does not see: a private attribute of another object, by its name as a string.
BY_NAME = re.compile(r"\b(?:get|has|set|del)attr\((?!self\b)[^,\n]+, *[\"']_[a-z]")
# What import-linter does not see, for which this is the extension: any other name of the package
# itself, which has all layers behind it.
FROM_THE_ROOT = re.compile(
    r"^ *(?:from aiorcl import (?!_core *(?:#|$))|import aiorcl\b(?!\.)|from \.)"
)
# Nor does it read C++: modules of ours, by name.
IMPORT_OF_OURS = re.compile(r'"aiorcl\.(?!_core\b)')


def main() -> int:
    """Check every file of the repository, and the versions."""
    problems = [line for name in tracked() for line in problems_of(Path(name))]
    problems += version_problems()
    print(*problems, sep="\n", end="\n" if problems else "")
    return bool(problems)


def tracked(*patterns: str) -> list[str]:
    """List the files of the repository, also those that are not committed yet."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.splitlines() if Path(name).exists()]


def problems_of(path: Path) -> Iterator[str]:
    """Name what is wrong with one file."""
    if path.suffix not in COMMENTS or path.name in NOT_SOURCES:
        return
    lines = path.read_text().splitlines()
    if lines and lines[0].startswith("#!"):
        del lines[0]
    mark = COMMENTS[path.suffix]
    if lines[:2] != [f"{mark} {COPYRIGHT}", f"{mark} {LICENCE}"]:
        yield f"{path}: the first two lines are not the copyright and the licence"
    elif len(lines) < 3 or not lines[2].startswith((mark, '"""')):
        yield f"{path}: the third line does not say the file's job"
    longest = LONGEST_TEST if path.parts[0] == "tests" else LONGEST
    if len(lines) > longest and path.suffix != ".pyi":
        yield f"{path}: {len(lines)} lines are more than {longest}"
    if path.suffix == ".py" and path.parts[0] == "src" and path.name not in PRIVATE:
        for line in filter(BY_NAME.search, lines):
            yield f"{path}: a private attribute is for {PRIVATE[0]}: {line.strip()}"
    if path.suffix == ".py" and path.is_relative_to("src/aiorcl") and path not in ROOTS:
        for line in filter(FROM_THE_ROOT.search, lines):
            yield f"{path}: name the module that is imported from: {line.strip()}"
    if path.is_relative_to("src/core") and path.name != "imports.hpp":
        for line in filter(IMPORT_OF_OURS.search, lines):
            yield f"{path}: an import of our Python is for python/imports.hpp: {line.strip()}"


def version_problems() -> Iterator[str]:
    """Name the places that disagree with the version in pyproject.toml."""
    version = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
    in_package = ET.parse("package.xml").findtext("version")
    if in_package != version:
        yield f"package.xml: version {in_package}, but pyproject.toml has {version}"
    changes = Path("CHANGELOG.rst").read_text()
    if not re.search(rf"^(Forthcoming|{re.escape(version)} \(.*\))$", changes, re.MULTILINE):
        yield f"CHANGELOG.rst: neither 'Forthcoming' nor {version}"


if __name__ == "__main__":
    sys.exit(main())
