# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The settings of the documentation: ./dev docs.

import tomllib
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

_PROJECT = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())[
    "project"
]

project = _PROJECT["name"]
release = version = _PROJECT["version"]
author = "The aiorcl authors"
copyright = f"2026 {author}"  # noqa: A001  # Sphinx's word

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
pygments_style = "default"


def setup(app: Sphinx) -> None:
    """Take the names of files, which are those of the machine that builds, from included diffs."""
    app.connect("doctree-read", _strip_names)


def _strip_names(app: Sphinx, document: nodes.document) -> None:
    for block in document.findall(nodes.literal_block):
        if block.get("language") == "udiff":
            code = block.astext().split("\n", maxsplit=2)[2]
            block.replace_self(nodes.literal_block(code, code, language="udiff"))
