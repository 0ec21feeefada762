"""``ecard card certificate``: asking for a certificate, putting it on the card, reading and deleting it."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Annotated, Final

import typer

from ecard.certificate import Certificate, load_certificates
from ecard.cli.card_options import (
    CardAddress,
    SlotName,
    TraceFile,
    UseLastTry,
    management_key,
    open_piv,
    own_slot,
    parse_slot,
    pin_supplier,
)
from ecard.cli.language import translate
from ecard.cli.options import card_file, read_bounded
from ecard.cli.pem_output import OutputFile, pem, target_of, write_pem
from ecard.cli.slot_keys import key_in, read_public_key, require_for_slot
from ecard.errors import CardProtocolError, EncodingError, InvalidInputError
from ecard.roles.personalising import request_for_key

app: Final = typer.Typer(help="Certificates on a card.", no_args_is_help=True)

_MOST: Final = 1 << 20
"""Bytes of a file with a certificate and its issuers' that are read."""


@app.callback()
def _certificates() -> None:
    """Certificates on a card."""


@app.command()
def export(
    card: CardAddress,
    slot: SlotName = "9C",
    output: OutputFile = None,
    chain: Annotated[bool, typer.Option("--chain", help="The issuers' certificates on the card too.")] = False,
    trace: TraceFile = None,
) -> None:
    """Write the certificate of a slot as PEM (text). Slot F9 has that of the card's attestation key.

    Example: ecard card certificate export --card pcsc --slot 9C -o card.pem
    """
    target = target_of(output, card_file(card))
    with open_piv(card, trace) as piv:
        found = [piv.read_certificate(parse_slot(slot)), *(piv.read_issuers() if chain else ())]
    write_pem("".join(certificate.pem() for certificate in found), target)


@app.command()
def request(
    card: CardAddress,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="The name to be certified; the authority decides.")
    ],
    slot: SlotName = "9C",
    public_key: Annotated[
        str | None,
        typer.Option("--public-key", metavar="FILE", help="The slot's public key, for a card that does not tell it."),
    ] = None,
    output: OutputFile = None,
    use_last_try: UseLastTry = False,
    trace: TraceFile = None,
) -> None:
    """Ask an authority for a certificate: write a request (PKCS#10) for the key in a slot, signed by it, as PEM.

    The PIN is asked for, or read from the environment variable ECARD_PIN. Holder, enterprise and role stand in no
    request: the authority takes them from its own records.

    Example: ecard card certificate request --card pcsc --slot 9C --name 03-JJ0A900000201 -o request.pem
    """
    where, target = own_slot(slot), target_of(output, public_key, card_file(card))
    given = read_public_key(public_key) if public_key else None
    with open_piv(card, trace) as piv:
        key = given or key_in(piv, where)
        if key is None:
            raise InvalidInputError(
                f"the card does not tell which key is in slot {where:02X}",
                remedy="give the file that ecard card key generate wrote, with --public-key",
            )
        encoded = request_for_key(piv, where, key, name=name, pin=pin_supplier(), use_last_try=use_last_try)
    write_pem(pem("CERTIFICATE REQUEST", encoded), target)


@app.command("import")
def import_(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The certificate, PEM or DER; in PEM its issuers' may follow.")
    ],
    card: CardAddress,
    slot: SlotName = "9C",
    issuer: Annotated[
        list[str] | None,
        typer.Option("--issuer", metavar="FILE", help="Its issuers' certificates, PEM or DER. May be repeated."),
    ] = None,
    trace: TraceFile = None,
) -> None:
    """Put a certificate on the card. One for another key than the slot's is refused, where the card tells its key.

    The issuers' certificates, where any are given, replace those on the card; roots are left out, whoever verifies
    has them. The management key is the factory's, or comes from the environment variable ECARD_MANAGEMENT_KEY.

    Example: ecard card certificate import card.pem --card pcsc --slot 9C --issuer issuing.pem
    """
    where, key = own_slot(slot), management_key()
    certificate, *others = [found for name in (file, *(issuer or ())) for found in _read(name)]
    _require_issuers(certificate, others)
    with open_piv(card, trace) as piv:
        require_for_slot(piv, where, certificate)
        piv.authenticate_management_key(key)
        piv.write_certificate(where, certificate)
        if others:
            piv.write_issuers([other for other in others if not other.is_self_issued])
    words = "certificate {number} is in slot {slot}"
    sys.stderr.write(translate(words, number=certificate.serial_digits, slot=f"{where:02X}") + "\n")


@app.command()
def delete(card: CardAddress, slot: SlotName, trace: TraceFile = None) -> None:
    """Delete the certificate of a slot. Its key stays, and so do the issuers' certificates.

    The management key is the factory's, or comes from the environment variable ECARD_MANAGEMENT_KEY.

    Example: ecard card certificate delete --card pcsc --slot 9C
    """
    where, key = own_slot(slot), management_key()
    with open_piv(card, trace) as piv:
        with suppress(CardProtocolError):  # a damaged one is deleted too
            piv.read_certificate(where)
        piv.authenticate_management_key(key)
        piv.delete_certificate(where)
    sys.stderr.write(translate("the certificate in slot {slot} is deleted", slot=f"{where:02X}") + "\n")


def _read(name: str) -> list[Certificate]:
    data = read_bounded(name, _MOST, "certificates")
    try:
        return load_certificates(data)
    except EncodingError as error:
        raise InvalidInputError(f"{name}: {error.what}", remedy="give a certificate in PEM or DER") from None


def _require_issuers(certificate: Certificate, others: list[Certificate]) -> None:
    """Raise InvalidInputError unless each of the others issued one of the certificates."""
    for other in others:
        if not any(below.is_issued_by(other) for below in (certificate, *others) if below is not other):
            raise InvalidInputError(
                f"certificate {other.serial_digits} issued none of those that are given",
                remedy="give the certificate first, and then nothing but its issuers",
            )
