"""The namespaces and algorithm names that signed messages of the E-Port use: a table and nothing else."""

from __future__ import annotations

from typing import Final

CEB: Final = "http://www.chinaport.gov.cn/ceb"
"""Customs messages (xsd202205)."""
DXP: Final = "http://www.chinaport.gov.cn/dxp"
"""The transport envelope."""
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
"""XML Signature (W3C Recommendation, second edition)."""
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML: Final = "http://www.w3.org/XML/1998/namespace"

C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
"""Canonical XML 1.0, inclusive, without comments: the only one that the customs' specification allows."""
ENVELOPED: Final = f"{DS}enveloped-signature"
SHA1: Final = f"{DS}sha1"
RSA_SHA1: Final = f"{DS}rsa-sha1"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
"""RFC 9231, section 2.3.2."""
ECDSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
"""RFC 9231, section 2.3.6."""
EPORT_SM2_SM3: Final = "http://www.chinaport.gov.cn/2022/04/xmldsig#sm2-sm3"
"""The official names since May 2022."""
EPORT_SM3: Final = "http://www.chinaport.gov.cn/2022/04/xmldsig#sm3"
HYBRID_SM2_SM3: Final = f"{DS}sm2-sm3"
"""No official name; used by programs that went before the standard."""
