# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The settings of the documentation: ./dev docs.

import tomllib
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

_PROJECT = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())[
    "project"
]

project = _PROJECT["name"]
release = version = _PROJECT["version"]
author = "The aiorcl authors"
copyright = f"2026 {author}"  # noqa: A001  # Sphinx's word

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
default_role = "py:obj"  # docstrings name things of ours in single backticks
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
copybutton_prompt_text = "$ "
html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
pygments_style = "default"

# Where the types of others are documented. No inventory is fetched: the build needs no network.
_RCLPY = "https://docs.ros.org/en/jazzy/p/rclpy"
_PYTHON = "https://docs.python.org/3/library"
_PAGES_OF_PYTHON = {"asyncio.": "asyncio-eventloop", "collections.abc.": "collections.abc"}
# What annotations and docstrings name without its module, because only type checkers import it.
_MODULES = {
    "ClientGoalHandle": "rclpy.action.client",
    "ClockType": "rclpy.clock",
    "Context": "rclpy.context",
    "Executor": "rclpy.executors",
    "ExternalShutdownException": "rclpy.executors",
    "Node": "rclpy.node",
    "ServerGoalHandle": "rclpy.action.server",
    "Subscription": "rclpy.subscription",
    "Time": "rclpy.time",
    "Timer": "rclpy.timer",
}


def setup(app: Sphinx) -> None:
    """Link to the types of others, and take what the machine that builds adds from diffs."""
    app.connect("doctree-read", _strip_names)
    app.connect("missing-reference", _link_outside)


def _strip_names(app: Sphinx, document: nodes.document) -> None:
    for block in document.findall(nodes.literal_block):
        if block.get("language") == "udiff":
            code = block.astext().split("\n", maxsplit=2)[2]
            block.replace_self(nodes.literal_block(code, code, language="udiff"))


def _link_outside(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.Node
) -> nodes.reference | None:
    target = str(node["reftarget"])
    if target in _MODULES:
        target = f"{_MODULES[target]}.{target}"
    target = target.replace("asyncio.events.", "asyncio.")  # where it is, and not its name
    if target.startswith("rclpy.") and "._" not in target:
        page = f"{_RCLPY}/{target.rpartition('.')[0]}"
    else:
        pages = [page for prefix, page in _PAGES_OF_PYTHON.items() if target.startswith(prefix)]
        if not pages:
            return None
        page = f"{_PYTHON}/{pages[0]}"
    return nodes.reference("", "", shown, internal=False, refuri=f"{page}.html#{target}")
