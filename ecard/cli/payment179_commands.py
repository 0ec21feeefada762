"""``ecard 179``: the payment data of the customs' notice 179, signed and verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.apdu.cardholder import CardKeyHolder
from ecard.certificate import load_certificates
from ecard.cli.card_options import CardAddress, SlotName, TraceFile, UseLastTry, open_piv, parse_slot, pin_supplier
from ecard.cli.options import AsJson, open_document, output_target, read_bounded, write_output
from ecard.cli.verify_options import (
    Anyone,
    CrlFiles,
    EnterpriseCode,
    HtmlFile,
    Moment,
    RoleName,
    TrustFiles,
    evidence_of,
    moment_of,
    print_report,
    signer_policy,
)
from ecard.documents import payment179
from ecard.documents.payment179.reading import MAX_SIZE
from ecard.pki.trust import Trust

app: Final = typer.Typer(help="Payment data of customs notice 179 (海关总署公告2018年第179号).", no_args_is_help=True)


@app.command()
def sign(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="JSON: sessionID, payExchangeInfoHead, payExchangeInfoLists, serviceTime; - is stdin."
        ),
    ],
    card: CardAddress,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Where it goes; - is standard output.")
    ] = None,
    form: Annotated[
        bool, typer.Option("--form", help="Write the body of the request (payExInfoStr=...) instead of the JSON.")
    ] = False,
    slot: SlotName = "9C",
    use_last_try: UseLastTry = False,
    trace: TraceFile = None,
) -> None:
    """Check payment data, sign them with a card, and write what is posted. Nothing is sent anywhere.

    Example: ecard 179 sign payment.json --card pcsc -o payExInfoStr.json
    """
    target = output_target(file, output, suffix=".signed.json", card=card)
    data = payment179.data_of(payment179.parse_unsigned(open_document(file)))
    with open_piv(card, trace) as piv:
        holder = CardKeyHolder(piv, parse_slot(slot), pin=pin_supplier(), use_last_try=use_last_try)
        signed = payment179.sign(data, holder)
    write_output(target, signed.form() if form else signed.payload().encode())


@app.command()
def verify(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The posted payload, JSON or the request's body; - is standard input.")
    ],
    certificate: Annotated[
        Path, typer.Option("--certificate", metavar="FILE", help="The certificate of the card that certNo names.")
    ],
    trust: TrustFiles,
    crl: CrlFiles = None,
    role: RoleName = None,
    enterprise: EnterpriseCode = None,
    anyone: Anyone = False,
    at: Moment = None,
    as_json: AsJson = False,
    html: HtmlFile = None,
) -> int:
    """Verify posted payment data, step by step. Exit status: 0 accepted, 1 not accepted, 2 could not run.

    Example: ecard 179 verify posted.json --certificate card.pem --trust root.pem --crl crls/ --anyone
    """
    report = payment179.inspect(
        read_bounded(file, MAX_SIZE, "payment data"),
        certificate=load_certificates(read_bounded(str(certificate), 1 << 16, "a certificate"))[0],
        trust=Trust.load(*trust),
        evidence=evidence_of(crl),
        signer=signer_policy(role, enterprise, anyone=anyone),
        at=moment_of(at),
    )
    return print_report(report, as_json=as_json, html=html, inputs=(file, certificate, *trust, *(crl or ())))
