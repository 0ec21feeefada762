"""``ecard verify``: is this signature of this file good, and by whom."""

from __future__ import annotations

from typing import Annotated

import typer

from ecard.cli.options import AsJson, open_document, read_bounded
from ecard.cli.progress import reading
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
from ecard.documents import cms
from ecard.documents.bounds import MAX_SIGNATURE_SIZE
from ecard.errors import InvalidInputError
from ecard.pki.policy import Revocation, ValidationPolicy
from ecard.pki.trust import Trust


def verify(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The signed document; - is standard input.")],
    signature: Annotated[
        str, typer.Argument(metavar="SIGNATURE", help="Its detached signature (.p7s), DER or PEM; - is standard input.")
    ],
    trust: TrustFiles,
    crl: CrlFiles = None,
    role: RoleName = None,
    enterprise: EnterpriseCode = None,
    anyone: Anyone = False,
    at: Moment = None,
    as_json: AsJson = False,
    unsafe_no_revocation: UnsafeNoRevocation = False,
    html: HtmlFile = None,
) -> int:
    """Verify a detached signature. Exit status: 0 accepted, 1 not accepted (the report says why), 2 could not run.

    Example: ecard verify contract.txt contract.txt.p7s --trust root.pem --crl crls/ --role operator
    """
    if file == signature == "-":
        raise InvalidInputError("the document and the signature cannot both be standard input")
    revocation = Revocation.UNSAFE_NOT_CHECKED if unsafe_no_revocation else Revocation.REQUIRED
    with reading(open_document(file)) as document:
        report = cms.inspect(
            document,
            read_bounded(signature, MAX_SIGNATURE_SIZE, "a signature"),
            trust=Trust.load(*trust),
            evidence=evidence_of(crl),
            signer=signer_policy(role, enterprise, anyone=anyone),
            at=moment_of(at),
            policy=ValidationPolicy(revocation=revocation),
        )
    return print_report(report, as_json=as_json, html=html, inputs=(file, signature, *trust, *(crl or ())))
