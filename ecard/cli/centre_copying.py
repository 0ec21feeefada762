"""``ecard centre copy``: move a register to another database, and let its centre go on there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from ecard.cli.language import translate
from ecard.cli.options import AsJson, print_json
from ecard.cli.progress import counting
from ecard.cli.register_place import point_to, register_of
from ecard.errors import RegisterStateError
from ecard.pki.authority_files import load
from ecard.pki.trust import Trust
from ecard.roles.register import Register
from ecard.roles.register_copy import copy_register
from ecard.roles.register_database import lasting, url_of


def copy(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="A data centre's directory, or a register's file or postgresql://...")
    ],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="An empty database: postgresql://..., or the new file of one.")
    ],
    as_json: AsJson = False,
) -> None:
    """Copy a register to an empty database, and audit the copy; a centre whose directory is named goes on there.

    The old register stays as it is. Stop all programs that give orders to the centre first, and ecard centre serve,
    which would go on with the old one. The signatures of orders and receipts are audited where FROM is a centre's
    directory, which holds the certificate of the issuing authority.

    Example: ecard centre copy centre/ postgresql://ecard@db.example/register
    """
    centre = Path(source) if Path(source).is_dir() else None
    old_place = source if centre is None else register_of(centre)
    trust = None if centre is None else Trust([load(centre / "issuing").certificate])
    new_place = lasting(target)
    with Register.open(old_place) as old, _new_register(new_place) as new:
        with counting("copying the register") as progress:
            entries = copy_register(old, new, trust=trust, progress=progress)
        if old.head() != new.head():
            raise RegisterStateError(
                "the register has got new entries while it was copied",
                remedy="stop the programs that give orders, and copy again to an empty database",
            )
        if centre is not None:
            point_to(centre, new_place)
    if as_json:
        print_json({"entries": entries, "centre_moved": centre is not None})
        return
    words = "{entries} entries copied, and audited"
    sys.stderr.write(translate(words, entries=entries) + "\n")
    if centre is not None:
        sys.stderr.write(translate("the centre goes on with the new register") + "\n")


@contextmanager
def _new_register(place: str) -> Iterator[Register]:
    """A register made for the copy; what was made for it goes away again where the copy fails."""
    file = url_of(place).database or ""
    made = "://" not in place and not Path(file).exists()
    directory_made = made and not Path(file).parent.exists()
    try:
        with Register.create(place) as register:
            yield register
    except BaseException:
        if made:
            for suffix in ("", "-wal", "-shm"):
                Path(file + suffix).unlink(missing_ok=True)
        if directory_made:
            with suppress(OSError):
                Path(file).parent.rmdir()
        raise
