"""The lines of ``ecard doctor``: what was looked at, what was found, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecard.doctor import State

SUBJECTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "libraries": "软件库",
        "PC/SC service": "PC/SC 服务",
        "reader": "读卡器",
        "card": "卡",
        "PIN": "PIN",
        "PUK": "PUK",
        "management key": "管理密钥",
        "certificate": "证书",
        "clock": "时钟",
        "trust": "信任的根证书",
        "evidence": "撤销信息",
    }
)

STATES: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.LIBRARIES_FIT: "版本合适",
        State.LIBRARY_MISSING: "缺少软件库",
        State.LIBRARY_UNFIT: "版本不合适",
        State.SERVICE_RUNS: "正在运行",
        State.SERVICE_NOT_INSTALLED: "未安装访问组件",
        State.SERVICE_NOT_RUNNING: "未运行",
        State.READER_FOUND: "已找到",
        State.NO_READER: "没有读卡器",
        State.UNKNOWN_READER: "没有此名称的读卡器",
        State.CARD_MUTE: "卡无应答",
        State.LEGAL_PERSON_CARD: "法人卡",
        State.OPERATOR_CARD: "操作员卡",
        State.OTHER_PIV_CARD: "其他 PIV 卡，不是电子口岸的卡",
        State.BLANK_CARD: "空白卡",
        State.NO_CARD: "没有卡",
        State.UNSUPPORTED_CARD: "不支持此卡",
        State.CARD_BUSY: "卡被占用",
        State.CARD_FILE_UNUSABLE: "模拟卡文件无法使用",
        State.CARD_FAILS: "卡出错",
        State.PIN_READY: "可用",
        State.PIN_UNTOLD: "不知剩余次数",
        State.PIN_LAST_TRY: "只剩最后一次机会",
        State.PIN_BLOCKED: "已锁定",
        State.PIN_OF_FACTORY: "仍为出厂值",
        State.PUK_READY: "可用",
        State.PUK_LAST_TRY: "只剩最后一次机会",
        State.PUK_BLOCKED: "已锁定",
        State.PUK_OF_FACTORY: "仍为出厂值",
        State.CARD_LOCKED: "PIN 和 PUK 均已锁定",
        State.MANAGEMENT_KEY_OF_FACTORY: "仍为出厂值",
        State.CERTIFICATE_GOOD: "有效",
        State.CERTIFICATE_ENDS_SOON: "即将到期",
        State.CERTIFICATE_EXPIRED: "已过期",
        State.CERTIFICATE_NOT_YET_VALID: "尚未生效",
        State.CERTIFICATE_MISSING: "有密钥而无证书",
        State.CERTIFICATE_DAMAGED: "已损坏",
        State.CERTIFICATE_OF_OTHER_KEY: "与密钥不相配",
        State.CERTIFICATE_REVOKED: "已被撤销",
        State.CERTIFICATE_ON_HOLD: "暂停使用",
        State.CERTIFICATE_UNTRUSTED: "不能追溯到所信任的根证书",
        State.CERTIFICATE_UNCERTAIN: "不知是否被撤销",
        State.CERTIFICATE_REFUSED: "不被接受",
        State.CLOCK_PLAUSIBLE: "看来正确",
        State.CLOCK_SLOW: "慢了",
        State.CLOCK_PERHAPS_FAST: "可能快了",
        State.TRUST_FITS: "可用",
        State.TRUST_NOT_GIVEN: "未给出根证书，因此未据以判断",
        State.TRUST_UNUSABLE: "无法使用",
        State.TRUST_ENDS_SOON: "即将到期",
        State.TRUST_EXPIRED: "已过期",
        State.EVIDENCE_FRESH: "有效",
        State.EVIDENCE_NOT_GIVEN: "未给出撤销信息",
        State.EVIDENCE_UNUSABLE: "无法使用",
        State.EVIDENCE_ENDS_SOON: "即将到期",
        State.EVIDENCE_STALE: "已过期",
        State.EVIDENCE_OF_LATER: "日期在将来",
        State.EVIDENCE_FOREIGN: "签发者未知",
    }
)

_SET_THE_CLOCK: Final = "请校准本机时钟，并设为自动同步网络时间"
_NEW_CARD: Final = "请到数据分中心申请新卡"
_NEW_CRLS: Final = "请获取当天的证书撤销列表，并用 --crl 给出"

REMEDIES: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.LIBRARY_MISSING: "请用 pip 重新安装 ecard",
        State.LIBRARY_UNFIT: "请用 pip 安装所要求的版本",
        State.SERVICE_NOT_INSTALLED: '请运行 pip install "ecard[pcsc]"',
        State.SERVICE_NOT_RUNNING: (
            "请启动服务：Linux 用 systemctl start pcscd.socket（apt install pcscd），Windows 启动“智能卡”服务"
        ),
        State.NO_READER: "请直接插入读卡器，不要经过集线器：连接正常时指示灯亮；老型号需要安装驱动",
        State.UNKNOWN_READER: "请给出所列读卡器名称的一部分",
        State.CARD_MUTE: "请取出卡再重新插入，芯片朝上、朝前",
        State.BLANK_CARD: "请插入数据分中心制作的卡；此卡尚无密钥（ecard card key generate 可生成）",
        State.NO_CARD: "请插卡，芯片朝上、朝前",
        State.UNSUPPORTED_CARD: "请使用带 PIV 应用的卡，并注意插入方向",
        State.CARD_BUSY: "请结束其他程序，或等其完成",
        State.CARD_FILE_UNUSABLE: "请给出模拟卡的文件",
        State.CARD_FAILS: "请取出卡再重新插入，或换一个读卡器试试",
        State.PIN_UNTOLD: "请小心：无人知道再错几次卡会锁定",
        State.PIN_LAST_TRY: "请确认 PIN 无误：再错一次卡即锁定",
        State.PIN_BLOCKED: "请用 PUK 设置新 PIN（ecard card pin unblock），或持卡到数据分中心办理",
        State.PIN_OF_FACTORY: "请修改：ecard card pin change",
        State.PUK_LAST_TRY: "请确认 PUK 无误：再错一次即永久失效",
        State.PUK_BLOCKED: "请保管好 PIN：一旦锁定将无法解锁",
        State.PUK_OF_FACTORY: "出厂值人人皆知，请修改：ecard card puk change",
        State.CARD_LOCKED: f"PIN 和 PUK 均已锁定：{_NEW_CARD}",
        State.MANAGEMENT_KEY_OF_FACTORY: "拿到卡的人片刻即可更换其密钥，请修改：ecard card management-key change",
        State.CERTIFICATE_ENDS_SOON: "请现在到数据分中心办理延期",
        State.CERTIFICATE_EXPIRED: _NEW_CARD,
        State.CERTIFICATE_NOT_YET_VALID: "如时钟无误，请等到生效之日",
        State.CERTIFICATE_MISSING: "请由签发机构为此密钥签发证书，并写入卡中",
        State.CERTIFICATE_DAMAGED: "请重新写入卡中",
        State.CERTIFICATE_OF_OTHER_KEY: "请将此密钥的证书写入卡中",
        State.CERTIFICATE_REVOKED: _NEW_CARD,
        State.CERTIFICATE_ON_HOLD: "此卡已冻结或挂失：冻结由法人卡解冻，挂失到数据分中心解挂",
        State.CERTIFICATE_UNTRUSTED: "请用 --trust 给出此卡签发机构的根证书",
        State.CERTIFICATE_UNCERTAIN: _NEW_CRLS,
        State.CERTIFICATE_REFUSED: _NEW_CARD,
        State.CLOCK_SLOW: _SET_THE_CLOCK,
        State.CLOCK_PERHAPS_FAST: "请与其他时钟核对",
        State.TRUST_NOT_GIVEN: "请用 --trust 给出验证方所信任的根证书",
        State.TRUST_UNUSABLE: "请给出根证书，PEM 或 DER 格式",
        State.TRUST_ENDS_SOON: "请获取签发机构的下一张证书",
        State.TRUST_EXPIRED: "请获取签发机构的现行证书",
        State.EVIDENCE_NOT_GIVEN: _NEW_CRLS,
        State.EVIDENCE_UNUSABLE: _NEW_CRLS,
        State.EVIDENCE_ENDS_SOON: _NEW_CRLS,
        State.EVIDENCE_STALE: _NEW_CRLS,
        State.EVIDENCE_OF_LATER: _SET_THE_CLOCK,
        State.EVIDENCE_FOREIGN: "请用 --trust 给出其签发者的证书",
    }
)
