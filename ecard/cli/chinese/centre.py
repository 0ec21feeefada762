"""Help texts of ``ecard centre`` and its commands."""

from __future__ import annotations

from typing import Final

_CARDS_HERE: Final = "--centre centre/ --card pcsc:One"

CENTRE: Final = {
    "ecard centre": "数据分中心：其签发机构、登记簿，以及卡的一生。",
    "ecard centre new": """设立根证书中心和签发中心；其密钥用 ECARD_CA_PASSWORD 或所输入的口令加密。

示例：ecard centre new authorities/ --algorithm p256""",
    "ecard centre serve": """在 HTTP 上提供撤销列表、OCSP、时间戳和签发者证书，直到中断；需要附加包 serve。

示例：ecard centre serve centre/ --port 8470""",
    "ecard centre init": """设立数据分中心：签发机构、印章、保险库、登记簿，以及第一位工作人员的卡。

DIR 中的密钥用 ECARD_CA_PASSWORD 或所输入的口令加密。

示例：ecard centre init centre/ --officer pcsc --person officer.json --pin-letter officer.pin""",
    "ecard centre appoint": f"""制作数据分中心、审批部门或主管部门工作人员的卡。

示例：ecard centre appoint 03-JJ0A900000003 --office tax --organisation 示例税务局 --code E00000002
--person tax.json {_CARDS_HERE} --new-card pcsc:Two --pin-letter tax.pin""",
    "ecard centre dismiss": """免去数据分中心、审批部门或主管部门工作人员：其卡作废，由数据分中心工作人员签名。

示例：ecard centre dismiss 03-JJ0A900000003 --ground holder-left --centre centre/ --card pcsc""",
    "ecard centre apply": """第一步：企业提出入网申请，由数据分中心工作人员录入。

示例：ecard centre apply 123456789 --name 示例进出口有限公司 --legal-person legal-person.json
--custodian custodian.json --signed-and-sealed --centre centre/ --card pcsc""",
    "ecard centre file": """第二步：企业信息备案，由数据分中心工作人员录入材料。

示例：ecard centre file 123456789 --paper business-licence --paper tax-certificate
--originals-and-copies --centre centre/ --card pcsc""",
    "ecard centre approve": """第三、六、七步：审批部门、数据分中心或主管部门审批通过，或不通过。

示例：ecard centre approve enterprise/123456789 --office tax --centre centre/ --card pcsc""",
    "ecard centre make-card": f"""第四、六步：数据分中心工作人员用空白卡制作法人卡或操作员卡。

示例：ecard centre make-card 03-JJ0A900000101 --enterprise 123456789 {_CARDS_HERE}
--new-card pcsc:Two --pin-letter 101.pin""",
    "ecard centre collect": """第八步：数据分中心工作人员发卡，由领取人领取。

示例：ecard centre collect 03-JJ0A900000101 --by legal-person --person collector.json --letter
--identity-document --fee-paid --pin-changed --centre centre/ --card pcsc""",
    "ecard centre register-operator": """第五步：法人卡在线申报一名操作员。

示例：ecard centre register-operator 123456789/1 --person operator.json --centre centre/ --card pcsc""",
    "ecard centre register-operators": """第五步：法人卡申报多名操作员；先读完整个名单，再签名。

示例：ecard centre register-operators 123456789 operators.csv --centre centre/ --card pcsc""",
    "ecard centre file-business": """第七步：法人卡在线向主管部门备案（数据备案），由主管部门审批。

示例：ecard centre file-business 123456789 customs --centre centre/ --card pcsc""",
    "ecard centre withdraw-business": """撤回业务审批：由作出审批的主管部门工作人员签名。

示例：ecard centre withdraw-business 123456789 customs --reason 资格注销 --centre centre/ --card pcsc""",
    "ecard centre register-channel": """第九步：法人卡在线注册安全技术接入通道。

示例：ecard centre register-channel 123456789 --centre centre/ --card pcsc""",
    "ecard centre report-loss": """挂失：操作员卡由法人卡在线办理，法人卡在柜台办理。

企业没有正常的法人卡时，操作员卡也在柜台挂失。

示例：ecard centre report-loss 03-JJ0A900000201 --centre centre/ --card pcsc""",
    "ecard centre report-found": """解挂：丢失的卡已找到；由工作人员签名，卡恢复原来的状态。

示例：ecard centre report-found 03-JJ0A900000201 --centre centre/ --card pcsc""",
    "ecard centre freeze": """冻结：操作员卡的持卡人暂时离岗，由法人卡在线签名。

示例：ecard centre freeze 03-JJ0A900000201 --centre centre/ --card pcsc""",
    "ecard centre unfreeze": """解冻：持卡人已回岗，由法人卡在线签名。

示例：ecard centre unfreeze 03-JJ0A900000201 --centre centre/ --card pcsc""",
    "ecard centre void": """作废：永久，由数据分中心工作人员签名。

示例：ecard centre void 03-JJ0A900000201 --ground holder-left --centre centre/ --card pcsc""",
    "ecard centre replace": f"""补办：为同一持卡人制作新卡；旧卡同时作废。

示例：ecard centre replace 03-JJ0A900000201 03-JJ0A900000202 --ground lost-for-good
{_CARDS_HERE} --new-card pcsc:Two --pin-letter 202.pin""",
    "ecard centre renew": f"""延期：在到期前给卡换新的密钥和证书；由数据分中心工作人员签名。

持卡人的 PIN 在提示处输入，或取自环境变量 ECARD_HOLDER_PIN。

示例：ecard centre renew 03-JJ0A900000201 {_CARDS_HERE} --holder-card pcsc:Two""",
    "ecard centre unlock": f"""解锁：用数据分中心保管的 PUK（解锁 PIN 的密码）解开 PIN 已锁定的卡。

新 PIN 写在密码信中。持卡人修改后（ecard card pin change），由工作人员确认（ecard centre change-pin），卡方可再签名。

示例：ecard centre unlock 03-JJ0A900000201 {_CARDS_HERE} --holder-card pcsc:Two --pin-letter 201.pin""",
    "ecard centre change-pin": """修改密码：确认持卡人已修改解锁后的初始 PIN，由工作人员签名，卡方可再签名。

PIN 本身在卡上修改：ecard card pin change。

示例：ecard centre change-pin 03-JJ0A900000201 --centre centre/ --card pcsc""",
    "ecard centre erase-person": """永久抹去一个人的数据；其所有的卡须已作废。由数据分中心工作人员签名。

日志保持完整：其中从来没有这些数据。证书中的姓名已在签名里，仍会保留。

示例：ecard centre erase-person 03-JJ0A900000201 --centre centre/ --card pcsc""",
    "ecard centre status": """说明卡现在或某一时刻的状态。退出状态：0 已知，1 没有此卡，2 无法运行。

示例：ecard centre status 03-JJ0A900000201 --centre centre/ --at 2026-05-04T08:30:00Z""",
    "ecard centre audit": """核查登记簿是否完好，每处损坏一行。退出状态：0 完好，1 已损坏，2 无法运行。

示例：ecard centre audit --centre centre/""",
    "ecard centre log": """输出登记簿，每条一行 JSON，不含个人数据。

示例：ecard centre log --centre centre/ --after 100""",
    "ecard centre copy": """把登记簿复制到空的数据库，并核查副本；所指目录的数据分中心此后使用新的登记簿。

旧登记簿保持原样。请先停止所有向数据分中心发出指令的程序。

FROM 为数据分中心的目录时（其中有签发中心的证书），指令和回执的签名一并核查。

示例：ecard centre copy centre/ postgresql://ecard@db.example/register""",
}
