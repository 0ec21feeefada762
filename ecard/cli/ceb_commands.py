"""``ecard ceb``: customs messages, signed, verified and explained."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, TypedDict

import typer

from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.consent import MAX_SIGNATURES, Consent
from ecard.certificate import Certificate, load_certificates
from ecard.cli.card_options import CardAddress, SlotName, TraceFile, UseLastTry, open_piv, parse_slot, pin_supplier
from ecard.cli.error_words import in_one_line
from ecard.cli.language import speaks_chinese, translate
from ecard.cli.options import AsJson, open_document, output_target, print_json, read_bounded, write_output
from ecard.cli.progress import steps
from ecard.cli.verify_options import (
    Anyone,
    CrlFiles,
    EnterpriseCode,
    HtmlFile,
    Moment,
    RoleName,
    TrustFiles,
    UnsafeNoRevocation,
    evidence_of,
    moment_of,
    print_report,
    signer_policy,
)
from ecard.documents import ceb, receipts
from ecard.documents.ceb import Batch, BatchResult, Profile, Schemas
from ecard.documents.xml_guard import DEFAULT_LIMITS
from ecard.errors import InvalidInputError, MessageError, XmlError
from ecard.lines import one_line
from ecard.pki.policy import EPORT_2021_ALGORITHMS, Revocation, ValidationPolicy
from ecard.pki.trust import Trust

app: Final = typer.Typer(help="Customs messages (CEB).", no_args_is_help=True)
_SECONDS_EACH: Final = 10
_UNSAFE_POLICY: Final = ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED, algorithms=EPORT_2021_ALGORITHMS)

SchemaDirectory = Annotated[
    Path | None, typer.Option("--xsd", metavar="DIR", help="Check messages against the customs' schemas in DIR first.")
]
CustomsCodes = Annotated[
    list[str] | None,
    typer.Option("--customs-code", metavar="CODE", help="A customs code of the certificate's enterprise."),
]


class _Signing(TypedDict):
    """What holds for one message as for a directory of them."""

    profile: Profile | None
    schemas: Schemas | None
    enterprise_codes: Collection[str]


@app.command()
def sign(
    source: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="A message, or a directory of them.")],
    card: CardAddress,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE|DIR", help="Where the signed message or messages go.")
    ] = None,
    xsd: SchemaDirectory = None,
    hybrid: Annotated[bool, typer.Option("--hybrid", help="The unofficial SM2 profile seen in use.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a signature that is there.")] = False,
    customs_code: CustomsCodes = None,
    slot: SlotName = "9C",
    use_last_try: UseLastTry = False,
    trace: TraceFile = None,
    as_json: AsJson = False,
) -> int:
    """Sign a customs message, or all messages of a directory with one consent; a batch that stopped can be run again.

    The profile follows from the certificate. Exit status: 0 signed, 1 some messages of a directory failed (they are
    listed), 2 could not run.

    Example: ecard ceb sign outbox/ --card pcsc -o signed/
    """
    options: _Signing = {
        "profile": Profile.SM2_HYBRID if hybrid else None,
        "schemas": Schemas(xsd) if xsd else None,
        "enterprise_codes": customs_code or (),
    }
    target = None if source.is_dir() else output_target(str(source), output, suffix=".signed.xml", card=card)
    with open_piv(card, trace) as piv:
        holder = CardKeyHolder(piv, parse_slot(slot), pin=pin_supplier(), use_last_try=use_last_try)
        if source.is_dir():
            return _sign_directory(source, output, holder, replace=replace, options=options, as_json=as_json)
        signed = ceb.sign(open_document(str(source)), holder, replace=replace, at=datetime.now(UTC), **options)
    write_output(target, signed)
    return 0


def _sign_directory(
    source: Path, output: str | None, holder: CardKeyHolder, *, replace: bool, options: _Signing, as_json: bool
) -> int:
    if output is None or output == "-":
        raise InvalidInputError("it was not said where the signed messages go", remedy="name a directory with -o")
    target, certificate = Path(output), holder.certificate
    target.mkdir(exist_ok=True)
    batch = Batch.plan(source, target, certificate, replace=replace)
    if len(batch.pending) > MAX_SIGNATURES:
        raise InvalidInputError(f"one consent is for at most {MAX_SIGNATURES} messages")
    if not batch.pending:
        return _tell(batch.sign(holder, **options), as_json=as_json)
    consent = Consent(most=len(batch.pending), seconds=min(_SECONDS_EACH * len(batch.pending), 24 * 3600.0))
    with holder.consented(consent, clock=time.monotonic) as consented, steps(len(batch.pending)) as begin:
        begin("waiting for the PIN")
        result = batch.sign(
            consented, progress=lambda path, _: begin(one_line(path.name, None)), at=datetime.now(UTC), **options
        )
    return _tell(result, as_json=as_json)


def _tell(result: BatchResult, *, as_json: bool) -> int:
    if as_json:
        failures = [{"file": str(failure.path), "message": str(failure.error)} for failure in result.failures]
        told = {name: [str(path) for path in getattr(result, name)] for name in ("signed", "done", "not_attempted")}
        print_json({"complete": result.complete, **told, "failures": failures})
    else:
        words = "signed {signed}, signed before {done}, failed {failed}"
        numbers = {"signed": len(result.signed), "done": len(result.done), "failed": len(result.failures)}
        print(translate(words, **numbers))
        for failure in result.failures:
            print(f"  {one_line(failure.path.name, None)}: {in_one_line(failure.error)}")
        if result.stopped_by is not None:
            words = "  stopped with {left} left; run it again to go on"
            print(translate(words, left=len(result.not_attempted)))
    if result.stopped_by is not None:
        raise result.stopped_by
    return 0 if result.complete else 1


@app.command()
def verify(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The signed message; - is standard input.")],
    trust: TrustFiles,
    crl: CrlFiles = None,
    role: RoleName = None,
    enterprise: EnterpriseCode = None,
    anyone: Anyone = False,
    at: Moment = None,
    customs_code: CustomsCodes = None,
    as_json: AsJson = False,
    unsafe_no_revocation: UnsafeNoRevocation = False,
    html: HtmlFile = None,
) -> int:
    """Verify a signed customs message, step by step. Exit status: 0 accepted, 1 not accepted, 2 could not run.

    Example: ecard ceb verify CEB621Message.xml --trust root.pem --crl crls/ --role operator
    """
    document = read_bounded(file, DEFAULT_LIMITS.size, "a customs message")
    report = ceb.inspect(
        document,
        trust=Trust.load(*trust),
        evidence=evidence_of(crl),
        signer=signer_policy(role, enterprise, anyone=anyone),
        at=moment_of(at),
        enterprise_codes=customs_code or (),
        policy=_UNSAFE_POLICY if unsafe_no_revocation else None,
    )
    return print_report(report, as_json=as_json, html=html, inputs=(file, *trust, *(crl or ())))


@app.command()
def explain(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A message or a receipt; - is standard input.")],
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="The signer's, where the message carries none.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Say what is wrong with a message that customs rejected, or what a receipt means. Accepts nothing.

    Exit status: 0 nothing wrong found in the message itself (or a receipt without a failure), 1 something, 2 could
    not run.

    Example: ecard ceb explain CEB621Message.xml
    """
    document = read_bounded(file, DEFAULT_LIMITS.size, "a customs message")
    receipt = _receipt(document)
    if receipt is not None:
        _tell_receipt(receipt, as_json=as_json)
        return 1 if any(item.is_failure for item in receipt.items) else 0
    signer = None if certificate is None else _one_certificate(certificate)
    report = ceb.inspect(document, at=datetime.now(UTC), certificate=signer)
    print_report(report, as_json=as_json)
    return 1 if any(check.outcome is ceb.Outcome.FAILED for check in report.checks) else 0


def _tell_receipt(receipt: receipts.Receipt, *, as_json: bool) -> None:
    if as_json:
        items = [
            {
                "entity": item.entity,
                "status": item.status,
                "is_failure": item.is_failure,
                "codes": [
                    {"code": code.number, "meaning": code.meaning, "chinese": code.chinese, "remedy": code.remedy}
                    for code in item.codes
                ],
            }
            for item in receipt.items
        ]
        print_json({"receipt": receipt.message_type.root, "items": items})
        return
    for item in receipt.items:
        print("\n".join(_chinese(item)) if speaks_chinese() else item.explain())


def _chinese(item: receipts.ReceiptItem) -> Iterator[str]:
    """What ``ReceiptItem.explain`` says, in the customs' own words."""
    if not item.codes:
        yield translate("{entity}: no status that could be read", entity=item.entity)
    for code in item.codes:
        yield f"{code.number}：{code.chinese}" + (f"；{translate(code.remedy)}" if code.remedy else "")


def _receipt(document: bytes) -> receipts.Receipt | None:
    """The receipt; None for what is a message, or no XML: what is wrong with these, the report says."""
    try:
        return receipts.parse(document)
    except XmlError:
        return None
    except MessageError as error:
        if error.reason is not ceb.Reason.UNKNOWN_TYPE:
            raise
        return None


def _one_certificate(path: Path) -> Certificate:
    return load_certificates(read_bounded(str(path), 1 << 16, "a certificate"))[0]
