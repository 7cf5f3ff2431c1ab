"""Sphinx settings: the conventions that users of NumPy, xarray and ArviZ know."""

import os
import sys
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "agg")
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import benchmark_pages  # noqa: E402
import papers_table  # noqa: E402

import pluralism  # noqa: E402

project = "pluralism"
author = "The pluralism developers"
copyright = "The pluralism developers, Apache-2.0"
version = release = pluralism.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = [
    "_build", "papers/table.md", "benchmark_results.md", "coverage_results.md", "gallery/*.ipynb",
    "gallery/*.py", "gallery/**/*.json",
]  # fmt: skip
templates_path = ["_templates"]
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

papers_table.write()
benchmark_pages.write()
autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"__init__\.py",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "remove_config_comments": True,
    "write_computation_times": False,
    "within_subsection_order": "FileNameSortKey",
    "matplotlib_animations": False,
    # What is printed is shown; the repr of an axes is not.
    "capture_repr": ("_repr_html_",),
}

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["papers.css"]
html_title = "pluralism"
html_show_sourcelink = False
# Pages without others beneath them have no use for the bar that lists those.
_ALONE = [
    "getting_started", "how-to-choose", "papers/index", "benchmarks", "coverage", "architecture",
    "contributing", "changelog",
]  # fmt: skip
html_sidebars = {page: [] for page in _ALONE}
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
