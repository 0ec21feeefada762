"""Help texts of commands and groups, by the words with which they are called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecard.cli.chinese.centre import CENTRE

_MANAGEMENT_KEY: Final = "管理密钥为出厂值，或取自环境变量 ECARD_MANAGEMENT_KEY。"
_STATUS: Final = "退出状态：0 接受，1 不接受，2 无法运行。"

_TOP: Final = {
    "ecard": """用中国电子口岸的智能卡签署和验证文件：
法人卡（legal-person card）、操作员卡（operator card），以及其他 PIV 标准的卡。

退出状态：0 完成或接受，1 不接受，2 无法运行。在中文环境下，或环境变量 ECARD_LANGUAGE 为 zh 时，消息为中文。

示例：ecard doctor""",
    "ecard demo": """演示：设立数据分中心，制作三张模拟卡，签名、验证，并看四种拒绝。

退出状态：0 一切如预期，1 不如预期，2 无法运行。

示例：ecard demo --out demo""",
    "ecard completion": """输出让命令行外壳补全 ecard 命令和选项（Tab 键）的脚本。本命令自身不作任何改动。

bash：在 ~/.bashrc 中加一行 eval "$(ecard completion bash)"

zsh：在 ~/.zshrc 中 compinit 之后加一行 eval "$(ecard completion zsh)"

fish：ecard completion fish > ~/.config/fish/completions/ecard.fish

示例：ecard completion bash""",
    "ecard doctor": """诊断卡为何不能用：服务、读卡器、卡、PIN、证书、时钟、信任。不作任何改动。

退出状态：0 没有异常，1 有异常（各行说明如何处理），2 无法运行。

示例：ecard doctor --trust trust/ --crl crls/""",
    "ecard sign": """用卡签署文件，生成单独的签名文件（CAdES-BES），附上卡中的证书。

PIN 在提示处输入，或取自环境变量 ECARD_PIN。不给出 -o 时签名写到 FILE.p7s，该文件不得已存在。

示例：ecard sign contract.txt --card pcsc""",
    "ecard verify": f"""验证与文件分开的签名。{_STATUS}不接受时报告说明原因。

示例：ecard verify contract.txt contract.txt.p7s --trust root.pem --crl crls/ --role operator""",
}
_CARD: Final = {
    "ecard card": "查看和管理卡（PIN、密钥、证书）。",
    "ecard card list": """列出本机的读卡器及其中的卡。退出状态：0 至少有一张卡，1 没有，2 无法查询。

示例：ecard card list""",
    "ecard card info": """说明卡的情况：版本、序列号、剩余次数，以及各密钥槽中的密钥和证书。

不消耗 PIN 的次数。

示例：ecard card info --card pcsc""",
    "ecard card pin": "卡的 PIN。",
    "ecard card pin tries": """说明 PIN 和 PUK（解锁 PIN 的密码）的剩余次数。不消耗次数。

示例：ecard card pin tries --card pcsc""",
    "ecard card pin change": """修改 PIN。太弱的新 PIN 在发送给卡之前就被拒绝。

PIN 在提示处输入，或取自环境变量 ECARD_PIN 和 ECARD_NEW_PIN。

示例：ecard card pin change --card pcsc""",
    "ecard card pin unblock": """用 PUK（解锁 PIN 的密码）设置新 PIN。太弱的新 PIN 在发送给卡之前就被拒绝。

PUK 和 PIN 在提示处输入，或取自环境变量 ECARD_PUK 和 ECARD_NEW_PIN。

示例：ecard card pin unblock --card pcsc""",
    "ecard card puk": "卡的 PUK，即解锁 PIN 的密码。",
    "ecard card puk change": """修改 PUK。按 PIN 的规则太弱的新 PUK 在发送给卡之前就被拒绝。

PUK 在提示处输入，或取自环境变量 ECARD_PUK 和 ECARD_NEW_PUK。新 PUK 请与 PIN 分开保管：PIN 锁定时才用到它。

示例：ecard card puk change --card pcsc""",
    "ecard card management-key": "允许写卡的管理密钥。",
    "ecard card management-key change": """修改管理密钥：没有它就不能生成密钥，也不能写入证书。从不显示在屏幕上。

新密钥随机生成，在交给卡之前以十六进制写入 FILE；或取自环境变量 ECARD_NEW_MANAGEMENT_KEY。

旧密钥为出厂值，或取自 ECARD_MANAGEMENT_KEY。

示例：ecard card management-key change --card pcsc -o management.key""",
    "ecard card certificate": "卡上的证书。",
    "ecard card certificate export": """把密钥槽中的证书写成 PEM（文本）。密钥槽 F9 中是卡的证明密钥的证书。

示例：ecard card certificate export --card pcsc --slot 9C -o card.pem""",
    "ecard card certificate request": """申请证书：为密钥槽中的密钥写出由它签名的证书申请（PKCS#10），PEM 格式。

PIN 在提示处输入，或取自环境变量 ECARD_PIN。申请中不含持卡人、企业和角色：签发机构取自自己的记录。

示例：ecard card certificate request --card pcsc --slot 9C --name 03-JJ0A900000201 -o request.pem""",
    "ecard card certificate import": f"""把证书写入卡。卡能告知其密钥时，不属于该密钥的证书被拒绝。

如给出签发者的证书，则替换卡上原有的；根证书不写入，验证者自有。{_MANAGEMENT_KEY}

示例：ecard card certificate import card.pem --card pcsc --slot 9C --issuer issuing.pem""",
    "ecard card certificate delete": f"""删除密钥槽中的证书。密钥和签发者的证书保留。

{_MANAGEMENT_KEY}

示例：ecard card certificate delete --card pcsc --slot 9C""",
    "ecard card key": "卡上的密钥。",
    "ecard card key generate": f"""在卡上生成新密钥，并把公钥写成 PEM（文本）；密钥槽中原有的密钥即告丢失。

{_MANAGEMENT_KEY}

示例：ecard card key generate --card pcsc --slot 9A --algorithm p256 -o key.pem""",
    "ecard card key attest": """写出卡自己的证明（一张证书）：密钥槽中的密钥是在卡上生成的（YubiKey）。

其签发者在密钥槽 F9 中：ecard card certificate export --slot F9。

示例：ecard card key attest --card pcsc --slot 9C -o attestation.pem""",
    "ecard card key move": f"""把密钥移到空的密钥槽（YubiKey 5.7 起）。证书留在原处：请在新的密钥槽再次写入。

{_MANAGEMENT_KEY}

示例：ecard card key move --card pcsc --slot 9D --to 82""",
    "ecard card key delete": f"""永久删除密钥（YubiKey 5.7 起）。证书保留：ecard card certificate delete。

{_MANAGEMENT_KEY}

示例：ecard card key delete --card pcsc --slot 82""",
}
_DOCUMENTS: Final = {
    "ecard ceb": "海关跨境电子商务报文（CEB）。",
    "ecard ceb sign": """签署一个海关报文，或一次同意后签署目录中的全部报文；中断的批次可再次运行。

签名格式由证书决定。退出状态：0 已签名，1 目录中有报文失败（已列出），2 无法运行。

示例：ecard ceb sign outbox/ --card pcsc -o signed/""",
    "ecard ceb verify": f"""逐步验证已签名的海关报文。{_STATUS}

示例：ecard ceb verify CEB621Message.xml --trust root.pem --crl crls/ --role operator""",
    "ecard ceb explain": """说明海关退回的报文错在哪里，或回执的含义。不作接受的判断。

退出状态：0 报文本身没有发现错误（或回执中没有失败），1 有，2 无法运行。

示例：ecard ceb explain CEB621Message.xml""",
    "ecard 179": "海关总署公告2018年第179号的支付数据。",
    "ecard 179 sign": """检查支付数据，用卡签名，写出要提交的内容。不向任何地方发送。

示例：ecard 179 sign payment.json --card pcsc -o payExInfoStr.json""",
    "ecard 179 verify": f"""逐步验证提交的支付数据。{_STATUS}

示例：ecard 179 verify posted.json --certificate card.pem --trust root.pem --crl crls/ --anyone""",
}
_TOOLS: Final = {
    "ecard pin": "检查和生成 PIN。",
    "ecard pin check": """按策略检查 PIN。退出状态：0 足够强，1 太弱（说明原因），2 无法运行。

示例：ecard pin check - --telephone "138 0013 8000" --birth-date 1988-04-01""",
    "ecard pin generate": """输出一个对此持卡人符合策略的随机 PIN。

示例：ecard pin generate --length 8 --telephone "138 0013 8000" """.strip(),
    "ecard simulator": "模拟卡：新建，并接入真实的 PC/SC 服务。",
    "ecard simulator new": """新建一张出厂状态的模拟卡：PIN 123456，PUK 12345678，管理密钥为 0102..08 重复三次。

示例：ecard simulator new play.card --profile yubikey""",
    "ecard simulator serve": """通过 vpcd（Debian：vsmartcard-vpcd）把卡接入真实的 PC/SC 服务，直到中断。

此后本机的每个程序都能在名为 Virtual PCD 的读卡器中看到它。按 Ctrl-C 取出。

示例：ecard simulator serve play.card""",
    "ecard trace": "记录：与卡交互的记录。",
    "ecard trace show": """解释一份记录，每条指令一行。

示例：ecard trace show card.trace""",
}

COMMANDS: Final[Mapping[str, str]] = MappingProxyType({**_TOP, **_CARD, **_DOCUMENTS, **CENTRE, **_TOOLS})
"""The table."""
