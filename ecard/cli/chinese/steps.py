"""The steps of verifying a message or payment data, how they end, and the usual mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecard.documents.mistakes import Mistake
from ecard.documents.steps import Outcome

STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reading": "可以读取且无害",
        "type": "报文类型已知",
        "place": "恰有一个签名，位置正确",
        "shape": "签名结构正确",
        "certificate": "证书可以读取",
        "algorithms": "算法被允许，且与密钥相配",
        "digest": "摘要与报文相符",
        "signature": "签名值正确",
        "key-name": "KeyName 即证书编号",
        "validity": "证书在该时刻有效",
        "signer": "签名人是所允许的人",
        "enterprise": "申报单位即证书中的企业",
        "fields": "各字段符合第179号公告",
        "number": "certNo 即证书编号",
    }
)
"""What is so where a step passes, by the step's name for programs."""

OUTCOMES: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        Outcome.PASSED: "通过",
        Outcome.FAILED: "不通过",
        Outcome.OPEN: "未定",
        Outcome.NOT_REACHED: "未及",
        Outcome.NOT_JUDGED: "未判",
    }
)

_AS_SIGNED: Final = "把签名时的文本原样放入报文"

MISTAKES: Final[Mapping[Mistake, tuple[str, str]]] = MappingProxyType(
    {
        Mistake.SPACE_AROUND_SIGNATURE: (
            "Signature 元素前后的空白与计算摘要时不同",
            "放入 Signature 时不要增删换行或缩进",
        ),
        Mistake.NAMESPACE_ADDED: (
            "根元素多了计算摘要时没有的命名空间声明",
            "在计算摘要之前就在根元素上声明所有命名空间，或声明在 SignedInfo 上",
        ),
        Mistake.NAMESPACE_REMOVED: ("根元素少了计算摘要时有的命名空间声明", "保持根元素不变"),
        Mistake.COMMENTS_DIGESTED: (
            "计算摘要时包含了注释，而所声明的方法不含注释",
            "去掉注释，或按不含注释的方法规范化",
        ),
        Mistake.INDENTED_AFTER_DIGEST: ("计算摘要时没有换行，之后又加了缩进", "计算摘要之后不要再排版"),
        Mistake.NOT_CANONICALISED: (
            "摘要是对文件字节计算的，不是对规范化形式",
            "计算摘要前先按 Canonical XML 1.0 规范化",
        ),
        Mistake.EXCLUSIVE_CANONICALISATION: (
            "摘要按排他规范化计算，而所声明的是包含式规范化",
            "按 Canonical XML 1.0（包含式）规范化",
        ),
        Mistake.OTHER_DIGEST_ALGORITHM: (
            "摘要所用算法与 DigestMethod 所写不同",
            "名称与摘要要一致：SM3 写 sm3，SHA-1 写 sha1",
        ),
        Mistake.SIGNED_INFO_FORMATTED: ("SignedInfo 签名时没有换行，之后又排了版", _AS_SIGNED),
        Mistake.SIGNED_INFO_FLATTENED: ("SignedInfo 签名时元素间有换行，现在没有了", _AS_SIGNED),
        Mistake.XSI_NOT_DECLARED: (
            "SignedInfo 签名时带 xmlns:xsi，而报文中没有声明",
            "把签名时的命名空间写在 SignedInfo 上",
        ),
        Mistake.NAMESPACES_NOT_SIGNED: (
            "SignedInfo 签名时的命名空间声明与其所在位置的不同",
            "签名时 SignedInfo 要带上其位置上的全部命名空间，按前缀排序",
        ),
        Mistake.NEWLINE_SIGNED: ("文本末尾的换行也被签名了", "签名的文本末尾不要有换行"),
        Mistake.EMPTY_TAGS_SIGNED: (
            "SignedInfo 签名时用了自闭合标签，规范化形式中没有这种标签",
            "签名内容中写 <a></a>，不写 <a/>",
        ),
        Mistake.OTHER_ALGORITHM_NAMES: ("SignedInfo 签名时的算法名称与现在的不同", _AS_SIGNED),
        Mistake.VALUE_IN_DER: (
            "SignatureValue 是 DER 编码的 SM2 签名，而不是 64 字节的 r || s",
            "r 和 s 各编码为 32 字节",
        ),
        Mistake.SM3_WITHOUT_Z: (
            "SM2 签名只对文本的 SM3 计算，没有签名人的 Z 值",
            "对 Z 和文本计算摘要，用户标识为 1234567812345678",
        ),
        Mistake.LIST_INSTEAD_OF_LISTS: (
            "签名文本按公告示例写作 payExchangeInfoList，实际应为 payExchangeInfoLists",
            "把该成员写作 payExchangeInfoLists",
        ),
        Mistake.UNQUOTED_OBJECTS: (
            "签名文本按公告示例书写：对象和服务时间没有加引号",
            '写作 "payExchangeInfoHead":"{...}"，服务时间也加引号',
        ),
        Mistake.JSON_REWRITTEN: ("签名文本与提交文本是同一 JSON 的不同写法", "提交的文本要与签名的文本完全一致"),
    }
)
"""What happened, and what to do."""
