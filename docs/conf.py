"""Configuration of the documentation: Sphinx with MyST and furo."""

import logging
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))
import figures

logging.getLogger("wilks").setLevel(logging.WARNING)  # the theme's libraries print what is logged

project = "wilks"
author = "The wilks authors"
copyright = "2026, The wilks authors"
version = release = installed_version("wilks")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 2
exclude_patterns = ["_build", "_figures"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
suppress_warnings = ["ref.python"]  # errors have two addresses, in wilks and in wilks.errors

html_theme = "furo"
html_title = f"wilks {version}"


def _make_figures(app: Sphinx) -> None:
    """The contact sheet, by the code that the page is about."""
    figures.write(figures.FOLDER)
    (figures.FOLDER / "sheet.md").write_text(figures.page(), encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", _make_figures)
