"""``python -m ecard``: the same as the ``ecard`` command."""

from ecard.cli import main

main()
