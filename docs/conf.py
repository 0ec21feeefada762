"""How the site is built: `make docs`, strictly, into docs/_build/html."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]  # the code beside these pages, whatever else is installed

import ecard  # noqa: E402

project = "ecard"
author = "The ecard maintainers"
project_copyright = "The ecard maintainers, Apache-2.0"
release = version = ecard.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "made_from_code"]
exclude_patterns = ["_build"]
nitpicky = True
# what other libraries and the standard library document elsewhere is no link
nitpick_ignore_regex = [("py:.*", r"(?!ecard\.).*")]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "undoc-members": True, "show-inheritance": True}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

highlight_language = "text"  # blocks that do not say what they are

html_theme = "furo"
html_title = f"ecard {release}"
html_static_path = ["_static"]
html_css_files = ["ecard.css"]
html_copy_source = False
html_show_sphinx = False
