"""What commands say while they run, by its English text. ``{names}`` are filled in afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_GENERAL: Final = {
    "signed: {file}": "已签名：{file}",
    "made: {file}": "已生成：{file}",
    "made: {directory} (trust {root})": "已生成：{directory}（请信任 {root}）",
    "serving {names} at {address}; Ctrl-C ends it": "正在 {address} 提供 {names} 的服务；按 Ctrl-C 结束",
    "done": "完成",
    "Password of the centre's keys: ": "数据分中心密钥的口令：",
    "Again: ": "再输入一次：",
}
_CARDS: Final = {
    "card {atr}": "有卡 {atr}",
    "no-card": "无卡",
    "unsupported-card": "卡无应答，或不受支持",
    "{name}: the card does not tell": "{name}：卡不告知剩余次数",
    "{name}: {left} left": "{name}：还可输入 {left} 次",
    "the PIN is changed": "PIN 已修改",
    "the PIN is unblocked and changed": "PIN 已解锁并修改",
    "the PUK is changed": "PUK 已修改",
    "the management key is changed": "管理密钥已修改",
    "certificate {number} is in slot {slot}": "证书 {number} 已写入密钥槽 {slot}",
    "the certificate in slot {slot} is deleted": "密钥槽 {slot} 中的证书已删除",
    "the key in slot {slot} is now in slot {to}": "密钥槽 {slot} 中的密钥已移到密钥槽 {to}",
    "the key in slot {slot} is deleted": "密钥槽 {slot} 中的密钥已删除",
    "the card does not tell which key is in slot {slot}: it was not checked that the certificate is its own": (
        "卡不告知密钥槽 {slot} 中是哪个密钥：未核对证书是否属于它"
    ),
    "please enter it at the reader": "请在读卡器键盘上输入",
    "strong enough": "强度足够",
    "in the reader": "卡已在读卡器中",
    "taken out": "卡已取出",
    "waiting for the PC/SC service, or for its reader to be empty": "正在等待 PC/SC 服务，或等待其读卡器空出",
}
_CARD_FACTS: Final = {
    "card": "卡",
    "atr": "复位应答（ATR）",
    "label": "标签",
    "version": "版本",
    "serial": "序列号",
    "guid": "GUID",
    "expires": "卡有效期至",
    "pin tries": "PIN 剩余次数",
    "puk tries": "PUK 剩余次数",
    "management key": "管理密钥",
    "not told": "卡未告知",
    "{name}: {value}": "{name}：{value}",
    ", still the one from the factory": "，仍为出厂值",
    "slot {slot}: {words}": "密钥槽 {slot}：{words}",
    "{kind} key": "{kind} 密钥",
    "unknown kind of key": "种类不明的密钥",
    "pin {value}": "PIN 要求 {value}",
    "touch {value}": "触碰要求 {value}",
    "certificate {number} until {day}": "证书 {number}，有效期至 {day}",
    "certificate damaged": "证书已损坏",
    "no certificate": "无证书",
    "legal-person card of {enterprise}": "{enterprise} 的法人卡",
    "operator card of {enterprise}": "{enterprise} 的操作员卡",
    "an unnamed enterprise": "未署名企业",
}
_ACTS: Final = {
    "sign": "签名",
    "order": "指令",
    "verify the PIN": "校验 PIN",
    "change it": "修改",
    "unblock the PIN": "解锁 PIN",
    "be the new one": "设为新值",
    "be the new one, again": "再输入一次新值",
    "renew its certificates": "证书延期",
    "sign the certificate request": "签署证书申请",
    "{act}: entry {entry}, in effect from {moment}": "{act}：登记簿第 {entry} 条，自 {moment} 起生效",
    "found-centre": "设立数据分中心",
    "appoint": "任命",
    "dismiss": "免职",
    "apply": "入网申请",
    "file": "企业信息备案",
    "approve-entry": "入网资格审批通过",
    "refuse-entry": "入网资格审批不通过",
    "register-operator": "申报操作员",
    "approve-operator": "操作员审批通过",
    "refuse-operator": "操作员审批不通过",
    "make": "制卡",
    "file-business": "数据备案",
    "approve-business": "业务部门审批通过",
    "refuse-business": "业务部门审批不通过",
    "withdraw-business": "撤回业务权限",
    "collect": "领取",
    "register-channel": "安全技术接入通道注册",
    "report-loss": "挂失",
    "report-found": "解挂",
    "freeze": "冻结",
    "unfreeze": "解冻",
    "void": "作废",
    "replace": "补办",
    "renew": "延期",
    "unlock": "解锁",
    "change-pin": "修改密码",
    "erase-person": "删除个人数据",
    "publish-crl": "发布证书撤销列表",
}
_REGISTER: Final = {
    "no such card": "没有此卡",
    "transport": "待启用（初始 PIN 未修改）",
    "active": "正常",
    "lost": "挂失",
    "frozen": "冻结",
    "entry {entry}: {what}": "第 {entry} 条：{what}",
    "{entries} entries, whole": "共 {entries} 条，完好",
    "{entries} entries, damaged": "共 {entries} 条，已损坏",
    "auditing the register": "正在核查登记簿",
    "copying the register": "正在复制登记簿",
    "{entries} entries copied, and audited": "已复制 {entries} 条，并已核查",
    "the centre goes on with the new register": "数据分中心此后使用新的登记簿",
    "registering operators": "正在申报操作员",
}
_SIGNING: Final = {
    "waiting for the PIN": "等待输入 PIN",
    "reading revocation lists": "正在读取证书撤销列表",
    "signed {signed}, signed before {done}, failed {failed}": "已签名 {signed}，此前已签名 {done}，失败 {failed}",
    "  stopped with {left} left; run it again to go on": "  已停止，尚余 {left} 件；再次运行即可继续",
    "everything checked": "全部检查通过",
}
_RECEIPTS: Final = {
    "{entity}: no status that could be read": "{entity}：未读到状态",
    "declare it with appStatus 2": "请以 appStatus 2 正式申报",
    "send it again": "请重新发送",
    "correct what the text says and declare again": "请按回执文字改正后重新申报",
    "verify the message with ecard.documents.ceb.inspect: it names the mistake": (
        "请用 ecard ceb explain 检查所发的报文，它会指出错误"
    ),
    "renew the card's certificate": "请办理证书延期",
    "sign with a card of the declaring enterprise": "请用申报单位的卡签名",
    "read the text": "请看回执文字",
}
_DOCTOR: Final = {"good": "正常", "warning": "注意", "bad": "异常"}
_DEMO: Final = {
    "accepted": "接受",
    "refused": "拒绝",
    "What was tried, and what came out": "尝试及结果",
    "tried": "尝试",
    "outcome": "结果",
    "why": "原因",
    "Try next (the PINs are in {file}):": "接下来可以试试（PIN 见 {file}）：",
    "founding the data centre: root and issuing authority": "设立数据分中心：根证书中心与签发中心",
    "making {card}: key on the card, request, certificate": "制作 {card}：卡内生成密钥、申请、证书",
    "the operator signs the contract": "操作员签署合同",
    "the legal person seals the contract": "法人在合同上盖章",
    "verifying both signatures": "验证两个签名",
    "trying a changed document": "尝试被改动的文件",
    "trying a signature of the wrong role, and one of another enterprise": "尝试角色不符的签名和其他企业的签名",
    "revoking a card, and trying its signature": "撤销一张卡，再尝试其签名",
    "writing down what is what": "写下说明",
    "the operator's signature": "操作员的签名",
    "the legal person's seal": "法人的印章",
    "a changed document": "被改动的文件",
    "an operator where the legal person is required": "要求法人而由操作员签名",
    "an operator of another enterprise": "其他企业的操作员",
    "a revoked card": "已被撤销的卡",
}

MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {**_GENERAL, **_CARDS, **_CARD_FACTS, **_ACTS, **_REGISTER, **_SIGNING, **_RECEIPTS, **_DOCTOR, **_DEMO}
)
"""The table."""
