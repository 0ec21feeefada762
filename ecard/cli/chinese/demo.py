"""The text that ``ecard demo`` leaves with its files."""

from __future__ import annotations

from typing import Final

README: Final = """\
这里有什么（所有人员和企业均为虚构）

contract.txt                    合同
contract.txt.operator.p7s       操作员 1 以本人名义的签名
contract.txt.legal-person.p7s   法人以{enterprise}名义的盖章
trust/root.pem                  根证书：验证者所信任的
trust/issuing.pem               签发中心的证书，用于未附此证书的签名
trust/root.crl                  根证书中心的撤销列表：空
trust/issuing.crl               签发中心的撤销列表：操作员 2
cards/*.card                    供试用的模拟卡；文件中的密钥未加密

{cards}

输错三次 PIN，卡即锁定。企业的组织机构代码为 {code}。
撤销列表有效三十天；过期后须重新生成，否则任何签名都不被接受。
"""
