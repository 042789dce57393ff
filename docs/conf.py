"""Configuration of the documentation: Sphinx with MyST and furo."""

from importlib.metadata import version as installed_version

project = "wilks"
author = "The wilks authors"
copyright = "2026, The wilks authors"
version = release = installed_version("wilks")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 2
exclude_patterns = ["_build"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
suppress_warnings = ["ref.python"]  # errors have two addresses, in wilks and in wilks.errors

html_theme = "furo"
html_title = f"wilks {version}"
