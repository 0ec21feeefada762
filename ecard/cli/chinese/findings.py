"""What can be found wrong with a signature or a certificate, the outcomes of a verification, and its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecard.findings import FindingCode, Indication
from ecard.pki.revocation import SourceKind

INDICATIONS: Final[Mapping[Indication, str]] = MappingProxyType(
    {
        Indication.PASSED: "全部通过",
        Indication.FAILED: "签名无效",
        Indication.INDETERMINATE: "无法确认",
    }
)

EVIDENCE: Final[Mapping[SourceKind, str]] = MappingProxyType(
    {
        SourceKind.CRL: "证书撤销列表（CRL）",
        SourceKind.CRL_AND_DELTA: "证书撤销列表（CRL）及其增量列表",
        SourceKind.OCSP_RESPONSE: "OCSP 应答",
    }
)

FINDINGS: Final[Mapping[FindingCode, str]] = MappingProxyType(
    {
        FindingCode.MALFORMED: "格式不正确，无法读取",
        FindingCode.DOCUMENT_CHANGED: "文件内容与签名时不同",
        FindingCode.ATTRIBUTES_CHANGED: "签名属性被改动",
        FindingCode.CONTENT_TYPE_WRONG: "签名中的内容类型不对",
        FindingCode.SIGNING_TIME_WRONG: "签名时间不可能为真",
        FindingCode.SIGNATURE_INVALID: "签名值不正确",
        FindingCode.SIGNATURE_MISSING: "没有签名",
        FindingCode.SIGNATURE_MISPLACED: "签名不在应在的位置",
        FindingCode.MESSAGE_UNKNOWN: "报文类型未知",
        FindingCode.KEY_NAME_WRONG: "报文所写的证书编号与签名证书不符",
        FindingCode.DECLARANT_DIFFERS: "申报单位与证书中的企业不符",
        FindingCode.SIGNER_CERTIFICATE_MISSING: "缺少签名人的证书",
        FindingCode.SIGNER_CERTIFICATE_WRONG: "所附证书不是签名时声明的证书",
        FindingCode.SIGNER_NOT_ALLOWED: "签名人不是所允许的人",
        FindingCode.ALGORITHM_NOT_ALLOWED: "所用算法不被允许",
        FindingCode.CERTIFICATE_MALFORMED: "证书格式不正确",
        FindingCode.CERTIFICATE_SIGNATURE_INVALID: "证书上的签名不正确",
        FindingCode.PATH_NOT_FOUND: "证书不能追溯到所信任的根证书",
        FindingCode.NOT_YET_VALID: "证书尚未生效",
        FindingCode.EXPIRED: "证书已过期",
        FindingCode.REVOKED: "证书已被撤销",
        FindingCode.ON_HOLD: "证书被暂停使用（冻结或挂失）",
        FindingCode.REVOCATION_UNKNOWN: "无法得知证书是否被撤销：请给出最新的证书撤销列表（--crl）",
        FindingCode.USAGE_WRONG: "证书不得用于此用途",
        FindingCode.CONSTRAINT_BROKEN: "证书违反了上级证书的限制",
    }
)
