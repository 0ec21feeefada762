"""The papers that an enterprise brings when it files, by its kind and by the departments it deals with.

Source: docs/life-cycle.md, "Papers" (handbook, chapter 2, section 2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from ecard.roles.acts import Office


class EnterpriseKind(Enum):
    """What an enterprise does, as far as its papers depend on it."""

    IMPORT_EXPORT = "import-export"
    """Imports, exports, or acts as an agent for those who do."""
    PROCESSING = "processing"
    """Processes goods, or owns cargo."""


class Paper(Enum):
    """A document that is brought as original and copy."""

    BUSINESS_LICENCE = "business-licence"
    """营业执照"""
    TAX_CERTIFICATE = "tax-certificate"
    """税务登记证"""
    ORGANISATION_CODE_CERTIFICATE = "organisation-code-certificate"
    """组织机构代码证"""
    ORGANISATION_CODE_IC_COPY = "organisation-code-ic-copy"
    """The electronic copy of the organisation code certificate on an IC card."""
    ENTERPRISE_FORM = "enterprise-form"
    """企业情况登记表, signed by the head and sealed"""
    CARD_FORM = "card-form"
    """企业IC卡登记表, signed by the head and sealed"""
    CUSTOMS_REGISTRATION = "customs-registration"
    """报关单位登记注册证明"""
    DECLARANT_CERTIFICATE = "declarant-certificate"
    """报关员证"""
    QUALIFICATION_CERTIFICATE = "qualification-certificate"
    """资格证书"""
    APPROVAL_CERTIFICATE = "approval-certificate"
    """批准证书"""
    FOREIGN_TRADE_REGISTRATION = "foreign-trade-registration"
    """对外贸易经营者备案登记表"""
    EXCHANGE_VERIFICATION = "exchange-verification"
    """外汇核销资格证明"""


BUREAU_PAPERS: Final[Mapping[Office, Paper]] = MappingProxyType(
    {
        Office.TECHNICAL_SUPERVISION: Paper.ORGANISATION_CODE_CERTIFICATE,
        Office.INDUSTRY_AND_COMMERCE: Paper.BUSINESS_LICENCE,
        Office.TAX: Paper.TAX_CERTIFICATE,
    }
)
"""The table: against which document each bureau approves."""

_ALWAYS: Final = (
    Paper.BUSINESS_LICENCE,
    Paper.TAX_CERTIFICATE,
    Paper.ORGANISATION_CODE_CERTIFICATE,
    Paper.ORGANISATION_CODE_IC_COPY,
    Paper.ENTERPRISE_FORM,
    Paper.CARD_FORM,
)
_TRADE: Final = frozenset(
    {Paper.QUALIFICATION_CERTIFICATE, Paper.APPROVAL_CERTIFICATE, Paper.FOREIGN_TRADE_REGISTRATION}
)


def required_papers(
    kind: EnterpriseKind, *, deals_with: Collection[Office] = (), has_declarants: bool = False
) -> tuple[frozenset[Paper], ...]:
    """What must be brought: one paper of each set.

    >>> required_papers(EnterpriseKind.PROCESSING)[-1]
    frozenset({<Paper.CARD_FORM: 'card-form'>})
    """
    found = [frozenset({paper}) for paper in _ALWAYS]
    if kind is EnterpriseKind.IMPORT_EXPORT or Office.CUSTOMS in deals_with:
        found.append(frozenset({Paper.CUSTOMS_REGISTRATION}))
        if has_declarants:
            found.append(frozenset({Paper.DECLARANT_CERTIFICATE}))
    if Office.FOREIGN_TRADE in deals_with or Office.FOREIGN_EXCHANGE in deals_with:
        found.append(_TRADE)
    if Office.FOREIGN_EXCHANGE in deals_with:
        found.append(frozenset({Paper.EXCHANGE_VERIFICATION}))
    return tuple(found)


def missing_papers(required: tuple[frozenset[Paper], ...], brought: Collection[Paper]) -> list[str]:
    """What of it was not brought, in words; alternatives with "or" between them."""
    return [" or ".join(sorted(p.value for p in group)) for group in required if not group & set(brought)]
