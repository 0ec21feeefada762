"""``python -m ecard.cli``: the same as the ``ecard`` command."""

from ecard.cli import main

main()
