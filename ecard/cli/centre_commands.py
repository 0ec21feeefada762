"""``ecard centre``: found a root and an issuing authority in a directory, and put what they publish on HTTP."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.algorithms import KeyKind
from ecard.cli import web_server
from ecard.cli.key_algorithm import KeyAlgorithm
from ecard.cli.language import translate
from ecard.cli.register_place import authorities_password, centre_in, require_new_directory
from ecard.cli.register_serving import RegisterKeeper
from ecard.errors import AuthorityStateError
from ecard.files import write_atomically
from ecard.pki.authority import CertificateAuthority
from ecard.pki.authority_files import STATE_FILE
from ecard.pki.authority_store import AuthorityStore
from ecard.pki.publishing import AuthorityKeeper, AuthorityService, points_at
from ecard.pki.serving import application

PORT: Final = 8470
CENTRE_FILE: Final = "centre.json"
"""What tells a data centre with a register from authorities alone."""
POLICY: Final = "2.25.37055351671685015376493974759472799031"
"""The policy of time stamps where no other is given: the clock of this machine, to the second (an UUID, X.667)."""

app: Final = typer.Typer(
    help="A data centre (数据分中心): its authorities, its register, and the life of its cards.", no_args_is_help=True
)


@app.command()
def new(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The directory to make; the authorities are root and issuing in it.")
    ],
    name: Annotated[str, typer.Option(help="The name of the centre.")] = "示例数据分中心",
    algorithm: Annotated[KeyAlgorithm, typer.Option(help="What the authorities sign with.")] = KeyAlgorithm.P256,
    address: Annotated[
        str, typer.Option(help="Where they will be served; it is written into the certificates.")
    ] = f"http://127.0.0.1:{PORT}",
    partitions: Annotated[int, typer.Option(help="Into how many parts the CRL of the cards is split.")] = 1,
) -> None:
    """Found a root and an issuing authority; their keys are encrypted with ECARD_CA_PASSWORD, or what is typed.

    Example: ecard centre new authorities/ --algorithm p256
    """
    require_new_directory(directory)
    password = authorities_password(is_new=True)
    now, kind = datetime.now(UTC), KeyKind(algorithm.value)
    root = CertificateAuthority.create_root(f"{name} 根", at=now, key=kind, points=points_at(address, "root"))
    issuing = root.create_subordinate(
        name, at=now, key=kind, points=points_at(address, "issuing"), partitions=partitions
    )
    root.save(directory / "root", password=password)
    issuing.save(directory / "issuing", password=password)
    write_atomically(directory / "root.pem", root.certificate.pem().encode())
    words = "made: {directory} (trust {root})"
    sys.stderr.write(translate(words, directory=directory, root=directory / "root.pem") + "\n")


@app.command()
def serve(
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="What `ecard centre new` or `init` made, or one authority's directory."),
    ],
    host: Annotated[
        str, typer.Option(help="Where to listen; another address than this lets others ask.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 is any that is free.", min=0, max=65535)] = PORT,
    policy: Annotated[str, typer.Option(help="The object identifier of the policy of time stamps.")] = POLICY,
) -> None:
    """Put CRLs, OCSP, time stamps and issuers' certificates on HTTP until interrupted; needs the extra `serve`.

    Example: ecard centre serve centre/ --port 8470
    """
    places = _authorities(directory)
    password = authorities_password()
    with ExitStack() as stack:
        services = {}
        for name, place in places.items():
            keeper: AuthorityKeeper = AuthorityStore(place, password=password)
            if name == "issuing" and (directory / CENTRE_FILE).exists():
                keeper = RegisterKeeper(stack.enter_context(centre_in(directory, password)))
            stamps = len(places) == 1 or not keeper.certificate.is_self_issued
            services[name] = AuthorityService(keeper, policy=policy if stamps else None)
        made = application(services, clock=lambda: datetime.now(UTC))
        web_server.run(made, host=host, port=port, on_start=lambda address: _say(address, list(services)))


def _authorities(directory: Path) -> dict[str, Path]:
    """The directories of the authorities, by the names that they have on HTTP. Raises AuthorityStateError."""
    if (directory / STATE_FILE).exists():
        if (directory.absolute().parent / CENTRE_FILE).exists():
            raise AuthorityStateError(
                f"{directory} is part of a data centre, whose register knows the cards",
                remedy=f"serve {directory.absolute().parent}",
            )
        return {"authority": directory}
    found = {path.parent.name: path.parent for path in sorted(directory.glob(f"*/{STATE_FILE}"))}
    if not found:
        raise AuthorityStateError(f"{directory} holds no authority", remedy="found one with: ecard centre new DIR")
    return found


def _say(address: str, names: list[str]) -> None:
    words = "serving {names} at {address}; Ctrl-C ends it"
    sys.stderr.write(translate(words, names=", ".join(names), address=address) + "\n")
    sys.stderr.flush()
