"""Every kind of error: what it is, and what to do about it. The English detail stands behind it in brackets."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import typer

from ecard import errors

ERRORS: Final[Mapping[type[errors.EcardError], str]] = MappingProxyType(
    {
        errors.EcardError: "无法完成，请看详情",
        errors.InvalidInputError: "输入有误：请检查命令的参数、选项或文件",
        errors.InvalidCodeError: "代码或号码有误：请核对组织机构代码、统一社会信用代码、身份证号或卡号",
        errors.EncodingError: "文件编码不对：请给出完好的 DER 或 PEM 文件",
        errors.XmlError: "XML 不规范或有安全隐患，已拒绝读取：请检查该文件",
        errors.MessageError: "报文或支付数据不合要求：请按详情改正后重试",
        errors.MissingDependencyError: "缺少可选组件：请用 pip 安装详情中所列的附加包",
        errors.UnsupportedAlgorithmError: "不支持或不允许此算法：请改用允许的算法",
        errors.InvalidKeyError: "密钥无效，或口令错误：请检查密钥文件和口令",
        errors.InvalidSignatureError: "签名值验证不通过：请核对原文和签名",
        errors.DecryptionError: "无法解密：数据已损坏，或不是用此密钥加密的",
        errors.PinError: "PIN 有问题：请按详情处理",
        errors.PinFormatError: "PIN 的长度或字符不合此卡要求：请重新输入",
        errors.NoPinError: "需要 PIN：请在终端中运行，或设置详情所列的环境变量",
        errors.WrongPinError: "PIN 错误：请核实后再试，输错过多卡会锁定",
        errors.LastPinTryError: "只剩最后一次机会，未发送给卡：确有把握时请加 --use-last-try",
        errors.PinBlockedError: "PIN 已锁定：用 PUK 解锁 PIN（ecard card pin unblock），或持卡到数据分中心办理",
        errors.ConsentExceededError: "超出持卡人同意的次数或时间，其余未签名：请重新运行并再次输入 PIN",
        errors.WeakPinError: "PIN 太弱，请换一个",
        errors.CardError: "与卡通信出错：请重新插卡后再试",
        errors.NoCardError: "没有可用的卡：请检查读卡器和卡（ecard doctor）",
        errors.CardBusyError: "卡正被其他程序占用：请结束该程序，或稍后再试",
        errors.CardConnectionError: "与卡的连接中断：请重新插卡后再试",
        errors.CardRemovedError: "卡已被取出：请插回后再试",
        errors.CardResetError: "卡被其他程序复位：请再试一次",
        errors.ReaderLostError: "读卡器已断开：请重新连接后再试",
        errors.ServiceLostError: "PC/SC 服务已停止：请启动服务后再试",
        errors.CardProtocolError: "卡的应答无法理解，未予采用：请重新插卡，或换用其他卡",
        errors.CardStatusError: "卡拒绝了指令：请查看状态字的含义",
        errors.NotSupportedByCardError: "此卡没有这一功能：请换用支持的卡",
        errors.ManagementKeyError: "管理密钥不对：请用环境变量 ECARD_MANAGEMENT_KEY 给出此卡的管理密钥",
        errors.ObjectNotFoundError: "卡内没有此密钥或对象：请检查密钥槽（ecard card info）",
        errors.WrongCardError: "卡不对：请插入所要求的卡",
        errors.TokenError: "PKCS#11 设备拒绝了操作：请检查设备及其驱动",
        errors.CardFileError: "模拟卡文件无法使用：请检查该文件，或新建一个（ecard simulator new）",
        errors.PkiError: "证书业务出错：请看详情",
        errors.ProfileError: "证书不符合规定，不予签发：请改正申请内容",
        errors.RequestError: "证书申请不予批准：请改正申请",
        errors.WithdrawalError: "无法撤销、暂停或恢复：请核对证书状态",
        errors.AuthorityStateError: "签发机构的文件无法使用：请检查目录和文件",
        errors.FetchError: "无法获取证书或撤销信息：请检查网络和地址",
        errors.ValidationError: "证书在该时刻无效：请看详情",
        errors.VerificationError: "签名不被接受：请看报告",
        errors.RegisterError: "登记簿业务出错：请看详情",
        errors.OrderRefusedError: "数据分中心不予办理，未作任何改动：请按详情改正",
        errors.RegisterStateError: "登记簿无法使用：请检查数据库",
        errors.VaultError: "个人数据无法打开：密钥不对、记录损坏或已删除",
        errors.LoginError: "登录未被接受：请重新登录",
    }
)
"""The table: one sentence for each class, also where a class is only the base of others."""

PUK_ERRORS: Final[Mapping[type[errors.EcardError], str]] = MappingProxyType(
    {
        errors.PinError: "PUK 有问题：请按详情处理",
        errors.PinFormatError: "PUK 的长度或字符不合此卡要求：请重新输入",
        errors.NoPinError: "需要 PUK：请在终端中运行，或设置详情所列的环境变量",
        errors.WrongPinError: "PUK 错误：请核实后再试，输错过多 PUK 会锁定",
        errors.LastPinTryError: "PUK 只剩最后一次机会，未发送给卡：确有把握时请加 --use-last-try",
        errors.PinBlockedError: "PUK 已锁定：请持卡到数据分中心或发卡机构办理",
        errors.WeakPinError: "PUK 太弱，请换一个",
    }
)
"""The errors of a PIN that can be about a PUK, where they are."""

OTHER_ERRORS: Final[Mapping[type[BaseException], str]] = MappingProxyType(
    {
        typer.TyperException: "命令写法有误：请用 -h 查看用法",
        OSError: "文件或输入输出出错：请检查路径、权限和磁盘空间",
        MemoryError: "内存不足：请给出较小的文件",
        KeyboardInterrupt: "已中断，未留下未写完的文件",
        typer.Abort: "已中断，未留下未写完的文件",
    }
)
"""What is no error of ecard."""
