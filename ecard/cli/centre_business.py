"""``ecard centre file-business`` and its like: an enterprise's business with departments, and its access channel."""

from __future__ import annotations

from typing import Annotated

import typer

from ecard.cli.options import AsJson
from ecard.cli.register_giving import Wanted, give, tell
from ecard.cli.register_options import EnterpriseArgument, Place, Signer
from ecard.errors import InvalidInputError
from ecard.roles.acts import DEPARTMENTS, Act, Office
from ecard.roles.papers import Paper

Department = Annotated[
    Office,
    typer.Argument(metavar="DEPARTMENT", help="The competent department: customs, foreign-exchange or foreign-trade."),
]


def file_business(
    code: EnterpriseArgument,
    department: Department,
    centre: Place,
    card: Signer,
    paper: Annotated[list[Paper] | None, typer.Option(help="A paper that is filed. May be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Step 7: the legal-person card files with a competent department (数据备案), online; the department approves.

    Example: ecard centre file-business 123456789 customs --centre centre/ --card pcsc
    """
    details = {"papers": [filed.value for filed in paper or ()]}
    wanted = Wanted(Act.FILE_BUSINESS, _business(code, department), details, online=True)
    tell(give(centre, card, wanted), as_json=as_json)


def withdraw_business(
    code: EnterpriseArgument,
    department: Department,
    reason: Annotated[str, typer.Option(metavar="REASON", help="Why; it is in the register, without personal data.")],
    centre: Place,
    card: Signer,
    as_json: AsJson = False,
) -> None:
    """End an approval of business: an officer of the department that gave it signs.

    Example: ecard centre withdraw-business 123456789 customs --reason 资格注销 --centre centre/ --card pcsc
    """
    wanted = Wanted(Act.WITHDRAW_BUSINESS, _business(code, department), {"reason": reason})
    tell(give(centre, card, wanted), as_json=as_json)


def register_channel(code: EnterpriseArgument, centre: Place, card: Signer, as_json: AsJson = False) -> None:
    """Step 9: the legal-person card registers the security access channel (安全技术接入通道注册), online.

    Example: ecard centre register-channel 123456789 --centre centre/ --card pcsc
    """
    tell(give(centre, card, Wanted(Act.REGISTER_CHANNEL, f"enterprise/{code}", online=True)), as_json=as_json)


def _business(code: str, department: Office) -> str:
    if department not in DEPARTMENTS:
        raise InvalidInputError(
            f"{department.value} is no competent department",
            remedy=f"name one of {', '.join(office.value for office in DEPARTMENTS)}",
        )
    return f"business/{code}/{department.value}"
