"""Help texts of options and arguments, by their English text: one that several commands share stands here once."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecard.cli.card_options import CARD_HELP

_CARD: Final = "卡：pcsc（第一个读卡器）、pcsc:读卡器（名称的一部分）或 sim:文件（模拟卡）。"

_CARDS: Final = {
    CARD_HELP: _CARD,
    f"Who gives the order. {CARD_HELP}": f"签发指令的卡。{_CARD}",
    f"The blank card. {CARD_HELP}": f"空白卡。{_CARD}",
    f"The holder's card. {CARD_HELP}": f"持卡人的卡。{_CARD}",
    "The key on the card: 9A, 9C, 9D, 9E or 82 to 95.": "卡上的密钥槽：9A、9C、9D、9E 或 82 至 95。",
    "Send PIN or PUK even if it is the last try before it is blocked.": "即使是锁定前的最后一次机会也发送。",
    "Add every exchange with the card to FILE, secrets masked.": "把与卡的每次交互追加到 FILE，机密已遮盖。",
    "The issuers' certificates on the card too.": "连同卡上签发者的证书。",
    "A data centre's directory, or a register's file or postgresql://...": (
        "数据分中心的目录，或登记簿的文件或 postgresql://..."
    ),
    "An empty database: postgresql://..., or the new file of one.": "空的数据库：postgresql://...，或新文件。",
    "Slots 82 to 95 too, for which the card is asked 40 times more.": "连同密钥槽 82 至 95，为此多询问卡 40 次。",
    "The kind of key.": "密钥种类。",
    "When the key wants the PIN.": "密钥何时要求 PIN。",
    "The empty slot that it goes to.": "移到哪个空的密钥槽。",
    "The name to be certified; the authority decides.": "要证明的名称；由签发机构决定。",
    "The slot's public key, for a card that does not tell it.": "密钥槽的公钥文件，用于不告知公钥的卡。",
    "The certificate, PEM or DER; in PEM its issuers' may follow.": "证书，PEM 或 DER；PEM 中可再附签发者的证书。",
    "Its issuers' certificates, PEM or DER. May be repeated.": "签发者的证书，PEM 或 DER。可重复。",
    "The new file, mode 0600, that a drawn key is written to.": "随机生成的密钥写到此新文件，权限为 0600。",
    "What the new key is for; by default what the old one is for.": "新密钥所用的算法；默认与旧密钥相同。",
    "Which card to simulate.": "模拟哪种卡。",
    "The serial number; drawn if not given.": "序列号；不给出则随机。",
    "The card's file.": "模拟卡的文件。",
    "Where vpcd listens.": "vpcd 监听的地址。",
    "The port on which vpcd listens.": "vpcd 监听的端口。",
    "A trace written with --trace; - is standard input.": "用 --trace 写下的记录；- 表示标准输入。",
}
_SIGNING: Final = {
    "The document; - is standard input.": "要签名的文件；- 表示标准输入。",
    "Where the signature goes; - is standard output.": "签名写到哪里；- 表示标准输出。",
    "Where it goes; standard output by default.": "写到哪里；默认为标准输出。",
    "Where it goes; - is standard output.": "写到哪里；- 表示标准输出。",
    "The standard of the message; gmt0010 (GM/T 0010) is for SM2 cards alone.": (
        "签名消息的标准；gmt0010（GM/T 0010）只用于 SM2 卡。"
    ),
    "A message, or a directory of them.": "一个报文，或报文所在的目录。",
    "Where the signed message or messages go.": "已签名的报文写到哪里。",
    "Check messages against the customs' schemas in DIR first.": "先用 DIR 中海关的 XML 模式检查报文。",
    "The unofficial SM2 profile seen in use.": "使用实际中见到的非正式 SM2 格式。",
    "Replace a signature that is there.": "替换已有的签名。",
    "A customs code of the certificate's enterprise.": "证书所属企业的海关代码。",
    "JSON: sessionID, payExchangeInfoHead, payExchangeInfoLists, serviceTime; - is stdin.": (
        "JSON：sessionID、payExchangeInfoHead、payExchangeInfoLists、serviceTime；- 表示标准输入。"
    ),
    "Write the body of the request (payExInfoStr=...) instead of the JSON.": "写请求正文（payExInfoStr=...）。",
}
_VERIFYING: Final = {
    "The signed document; - is standard input.": "被签名的文件；- 表示标准输入。",
    "Its detached signature (.p7s), DER or PEM; - is standard input.": (
        "与文件分开的签名（.p7s），DER 或 PEM；- 表示标准输入。"
    ),
    "A trusted root, PEM or DER, or a directory. May be repeated.": "所信任的根证书（PEM 或 DER），或其目录。可重复。",
    "A trusted root certificate, PEM or DER. May be repeated.": "所信任的根证书，PEM 或 DER。可重复。",
    "A list of revoked certificates (CRL), or a directory of them. May be repeated.": (
        "证书撤销列表（CRL），或其目录。可重复。"
    ),
    "Accept only this kind of card: legal-person (法人卡) or operator (操作员卡).": (
        "只接受此种卡：legal-person（法人卡）或 operator（操作员卡）。"
    ),
    "Accept only cards of this enterprise (9 or 18 characters).": "只接受此企业的卡（9 位或 18 位代码）。",
    "Accept any trusted signer.": "接受任何可信的签名人。",
    "The moment to judge at; now by default, UTC without an offset.": "判定的时刻；默认为现在，不带时区即为 UTC。",
    "Write the report to FILE too, as one page of HTML; - is standard output, which then has nothing else.": (
        "同时把报告写到 FILE，为一页 HTML；- 表示标准输出，此时不再输出别的内容。"
    ),
    "Do not ask whether certificates have been revoked.": "不查证书是否被撤销（不安全）。",
    "The signed message; - is standard input.": "已签名的报文；- 表示标准输入。",
    "A message or a receipt; - is standard input.": "报文或回执；- 表示标准输入。",
    "The signer's, where the message carries none.": "签名人的证书，报文中没有证书时用。",
    "The posted payload, JSON or the request's body; - is standard input.": "提交的 JSON 或请求正文；- 表示标准输入。",
    "The certificate of the card that certNo names.": "certNo 所指的卡的证书。",
}
_PINS: Final = {
    "Always -: the PIN is read from standard input.": "总是 -：从标准输入读取 PIN。",
    "How many digits.": "位数。",
    "A telephone number, in any writing. May be repeated.": "电话号码，写法不限。可重复。",
    "A birth date, as 1988-04-01. May be repeated.": "出生日期，如 1988-04-01。可重复。",
    "18 or 15 characters. May be repeated.": "身份证号，18 位或 15 位。可重复。",
    "9 or 18 characters. May be repeated.": "组织机构代码 9 位，或统一社会信用代码 18 位。可重复。",
    "The card's number. May be repeated.": "卡号。可重复。",
    "Changes to the policy, in TOML.": "对 PIN 策略的改动，TOML 格式。",
}
_CENTRE: Final = {
    "The directory to make; the authorities are root and issuing in it.": "要新建的目录；其中有 root 和 issuing。",
    "The name of the centre.": "数据分中心的名称。",
    "What the authorities sign with.": "签发机构所用的算法。",
    "Where they will be served; it is written into the certificates.": "将来提供服务的地址，会写入证书。",
    "Into how many parts the CRL of the cards is split.": "卡的证书撤销列表分为几部分。",
    "What `ecard centre new` or `init` made, or one authority's directory.": (
        "`ecard centre new` 或 `init` 生成的目录，或某一机构的目录。"
    ),
    "Where to listen; another address than this lets others ask.": "监听的地址；改用其他地址时外人也可访问。",
    "The port; 0 is any that is free.": "端口；0 表示任一空闲端口。",
    "The object identifier of the policy of time stamps.": "时间戳策略的对象标识符。",
    "The directory to make.": "要新建的目录。",
    "The blank card of the first officer, as --card elsewhere.": "第一位工作人员的空白卡，写法同 --card。",
    "JSON with name, identity_number, telephone.": "JSON，含 name、identity_number、telephone。",
    "Where the first PIN (transport PIN) is written.": "初始 PIN 写到哪里。",
    "postgresql://...; SQLite in DIR where it is left out.": "postgresql://...；不给出则在 DIR 中用 SQLite。",
    "Its organisation code.": "其组织机构代码。",
    "Where `ecard centre serve` will publish, http://HOST:PORT; it is written into certificates.": (
        "`ecard centre serve` 将来发布信息的地址 http://HOST:PORT，会写入证书。"
    ),
    "The number of the officer's card.": "工作人员卡的卡号。",
    "What he is an officer of.": "属于哪个部门。",
    "The name of his organisation.": "所在单位的名称。",
    "The directory of the data centre.": "数据分中心的目录。",
    "The enterprise's organisation code.": "企业的组织机构代码。",
    "The enterprise's name.": "企业名称。",
    "JSON of the legal person, as --person.": "法人的 JSON，格式同 --person。",
    "JSON of the designated custodian.": "指定保管人的 JSON。",
    "What it does.": "企业类别。",
    "For how many operators there is a form.": "有几份操作员登记表。",
    "The forms are signed and sealed.": "登记表已签字盖章。",
    "A paper that was brought. May be repeated.": "带来的材料。可重复。",
    "A competent department. May be repeated.": "主管部门。可重复。",
    "The competent department: customs, foreign-exchange or foreign-trade.": (
        "主管部门：customs（海关）、foreign-exchange（外汇局）或 foreign-trade（外经贸）。"
    ),
    "A paper that is filed. May be repeated.": "备案的材料。可重复。",
    "Why; it is in the register, without personal data.": "原因；写入登记簿，不得含个人数据。",
    "holder-left or key-compromise.": "holder-left（持卡人离职）或 key-compromise（密钥泄露）。",
    "A card that the person held, or his reference in the register.": "此人持有过的卡号，或其在登记簿中的编号。",
    "It has declarants.": "有报关员。",
    "Every paper came as original and copy.": "每份材料均有原件和复印件。",
    "enterprise/CODE, operator/CODE/NAME or business/CODE/DEPARTMENT.": (
        "enterprise/代码、operator/代码/名称 或 business/代码/部门。"
    ),
    "The office of whoever signs.": "签名者所属部门。",
    "Refuse instead, and say why.": "不予通过，并说明原因。",
    "The number of the new card.": "新卡的卡号。",
    "Make the legal-person card of this enterprise.": "制作此企业的法人卡。",
    "Make this operator's card.": "制作此操作员的卡。",
    "The number of the card that it is about.": "所涉及的卡的卡号。",
    "legal-person, designated-representative, holder or collector.": (
        "领取人：legal-person（法人）、designated-representative（指定代表）、holder（持卡人）或 collector（代领人）。"
    ),
    "The letter of introduction was brought.": "带来了介绍信。",
    "The collector showed his identity document.": "领取人出示了身份证件。",
    "The fee was paid.": "已缴费。",
    "The first PIN (transport PIN) was changed here.": "已当场修改初始 PIN。",
    "The enterprise's code, and a free name.": "企业代码，和自取的名称。",
    "name,identity_number,telephone; a heading first.": "每行 name,identity_number,telephone；首行为表头。",
    "The applications are named so, with a number behind.": "申报的名称，后加序号。",
    "An officer signs at the counter, not the enterprise.": "由工作人员在柜台签名，而不是企业。",
    "It got a new PIN here: a legal-person card must.": "已当场更换 PIN：法人卡必须更换。",
    "holder-left, misuse, abnormality, key-compromise, lost-for-good, ...": (
        "原因：holder-left（离职）、misuse（操作不当）、abnormality（异常）、key-compromise（密钥泄露）、"
        "lost-for-good（确已丢失）等。"
    ),
    "replaced, lost-for-good or key-compromise.": (
        "原因：replaced（更换）、lost-for-good（确已丢失）或 key-compromise（密钥泄露）。"
    ),
    "The moment to ask about; now by default, UTC without an offset.": "所问的时刻；默认为现在，不带时区即为 UTC。",
    "Verify the signatures of all orders and receipts too.": "同时验证所有指令和回执的签名。",
    "Only entries after this one.": "只列此条之后的记录。",
}
_GENERAL: Final = {
    "Print one JSON object.": "输出一个 JSON 对象。",
    "bash, zsh or fish.": "bash、zsh 或 fish。",
    "The directory to make; one made by an earlier demo is replaced.": "要新建的目录；以前演示生成的目录会被替换。",
    "What cards and authorities sign with.": "卡和签发机构所用的算法。",
    "The file to make.": "要新建的文件。",
    "What to write to standard error; traffic: every command to the card, secrets masked.": (
        "写到标准错误的内容；traffic：发给卡的每条指令，机密已遮盖。"
    ),
}

OPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {**_CARDS, **_SIGNING, **_VERIFYING, **_PINS, **_CENTRE, **_GENERAL}
)
"""The table."""
