"""The customs messages of cross-border e-commerce: which are signed, by whom, and where the signature stands.

From the schemas of May 2022 (import.xsd, export.xsd) and the notes in them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ecard.documents.ceb import names


class Direction(Enum):
    """Goods coming in or going out. It decides where a signature stands."""

    IMPORT = "import"
    EXPORT = "export"


class Signing(Enum):
    """Whether the schema has a signature."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    """The prose of the specification still demands one of a declaration that is final (appStatus 2)."""
    NONE = "none"
    """Receipts and tax bills: the customs send them, unsigned."""


@dataclass(frozen=True, slots=True)
class MessageType:
    """One kind of message, ``CEB621Message`` for example."""

    number: int
    direction: Direction
    entity: str
    """The local name of the business nodes."""
    chinese: str
    signing: Signing = Signing.NONE
    declarants: tuple[str, ...] = ()
    """Elements that can hold the code of the enterprise that signs, the likeliest first.

    They stand in the business nodes; ``copCode`` stands in BaseTransfer and counts where a courier may sign.
    """

    @property
    def root(self) -> str:
        """The local name of the root element."""
        return f"CEB{self.number}Message"

    @property
    def is_receipt(self) -> bool:
        """Whether the message is an answer that nobody signs."""
        return self.signing is Signing.NONE

    @property
    def before(self) -> frozenset[str]:
        """Qualified names of the root's children that stand after the signature.

        Export schemas put the signature before ExtendMessage, import schemas put it last.
        """
        return _EXTEND_MESSAGE if self.direction is Direction.EXPORT else frozenset()


_EXTEND_MESSAGE: Final = frozenset({f"{{{names.CEB}}}ExtendMessage"})
_IN, _OUT = Direction.IMPORT, Direction.EXPORT
_MUST, _MAY = Signing.REQUIRED, Signing.OPTIONAL
_DECLARING: Final = ("agentCode", "ebcCode")
_ROWS: Final = (
    MessageType(311, _IN, "Order", "电子订单", _MAY, ("ebcCode", "ebpCode", "copCode")),
    MessageType(312, _IN, "OrderReturn", "电子订单回执"),
    MessageType(411, _IN, "Payment", "支付凭证", _MAY, ("payCode", "copCode")),
    MessageType(412, _IN, "PaymentReturn", "支付凭证回执"),
    MessageType(511, _IN, "Logistics", "物流运单", _MAY, ("logisticsCode",)),
    MessageType(512, _IN, "LogisticsReturn", "物流运单回执"),
    MessageType(513, _IN, "LogisticsStatus", "物流运单状态", _MAY, ("logisticsCode",)),
    MessageType(514, _IN, "LogisticsStatusReturn", "物流运单状态回执"),
    MessageType(621, _IN, "Inventory", "进口清单", _MUST, _DECLARING),
    MessageType(622, _IN, "InventoryReturn", "进口清单回执"),
    MessageType(623, _IN, "InvtCancel", "撤销申请单", _MUST, _DECLARING),
    MessageType(624, _IN, "InvtCancelReturn", "撤销申请单回执"),
    MessageType(625, _IN, "InvtRefund", "退货申请单", _MUST, _DECLARING),
    MessageType(626, _IN, "InvtRefundReturn", "退货申请单回执"),
    MessageType(711, _IN, "Delivery", "入库明细单", _MUST, ("operatorCode",)),
    MessageType(712, _IN, "DeliveryReturn", "入库明细单回执"),
    MessageType(816, _IN, "Tax", "电子税单"),
    MessageType(818, _IN, "Tax", "电子税单状态"),
    MessageType(900, _IN, "MessageReturn", "报文格式校验回执"),
    MessageType(213, _OUT, "InvtRefund", "退货申请单", _MAY, _DECLARING),
    MessageType(214, _OUT, "RefundReturn", "退货申请单回执"),
    MessageType(215, _OUT, "InvtRefundDetail", "理货明细单", _MAY, ("operatorCode",)),
    MessageType(216, _OUT, "InvtRefundDetailReturn", "理货明细单回执"),
    MessageType(303, _OUT, "Order", "电子订单", _MAY, ("ebpCode", "ebcCode")),
    MessageType(304, _OUT, "OrderReturn", "电子订单回执"),
    MessageType(403, _OUT, "Receipts", "收款单", _MAY, ("payCode", "ebcCode", "ebpCode")),
    MessageType(404, _OUT, "ReceiptsReturn", "收款单回执"),
    MessageType(505, _OUT, "Logistics", "物流运单", _MAY, ("logisticsCode",)),
    MessageType(506, _OUT, "LogisticsReturn", "物流运单回执"),
    MessageType(507, _OUT, "Arrival", "物流运抵单", _MAY, ("operatorCode", "logisticsCode")),
    MessageType(508, _OUT, "ArrivalReturn", "物流运抵单回执"),
    MessageType(509, _OUT, "Departure", "物流离境单", _MAY, ("logisticsCode",)),
    MessageType(510, _OUT, "DepartureReturn", "物流离境单回执"),
    MessageType(603, _OUT, "Inventory", "申报清单", _MAY, _DECLARING),
    MessageType(604, _OUT, "InventoryReturn", "申报清单回执"),
    MessageType(605, _OUT, "InvtCancel", "撤销申请单", _MAY, _DECLARING),
    MessageType(606, _OUT, "InvtCancelReturn", "撤销申请单回执"),
    MessageType(607, _OUT, "WayBill", "清单总分单", _MAY, ("agentCode", "logisticsCode")),
    MessageType(608, _OUT, "WayBillReturn", "清单总分单回执"),
    MessageType(701, _OUT, "SummaryApply", "汇总申请单", _MAY, ("agentCode", "declAgentCode", "ebcCode")),
    MessageType(702, _OUT, "SummaryReturn", "汇总申请单回执"),
    MessageType(792, _OUT, "SummaryResult", "汇总结果单"),
)
MESSAGE_TYPES: Final = {row.number: row for row in _ROWS}
"""Every message type by its number."""
_ROOT: Final = re.compile(re.escape(f"{{{names.CEB}}}") + r"CEB([0-9]{3})Message", re.ASCII)


def message_type_of(tag: str) -> MessageType | None:
    """The message type of a root element's qualified name in Clark notation; None where it is no customs message."""
    match = _ROOT.fullmatch(tag)
    return MESSAGE_TYPES.get(int(match.group(1))) if match else None
