"""A data centre made by the openssl program alone: SM2 root, issuer, holders, CRLs and an OCSP responder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecard.certificate import Certificate
from tests.sm2.openssl import run

STANDARD_ID = "distid:1234567812345678"
EXTENSIONS = {
    "authority": "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n",
    "holder": "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\n",
    "responder": "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=OCSPSigning\n",
}
IDENTIFIERS = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
DATABASE = """\
[ca]
default_ca=own
[own]
database={place}/{name}.index
crlnumber={place}/{name}.number
default_md=sm3
default_crl_days=30
crl_extensions=own_crl
[own_crl]
authorityKeyIdentifier=keyid
"""


@dataclass(frozen=True)
class OpensslCentre:
    """Files in one directory, by name. What is signed with ``user_id`` None is signed under openssl's own choice."""

    place: Path

    def file(self, name: str) -> Path:
        return self.place / name

    def certificate(self, name: str) -> Certificate:
        return Certificate.from_pem(self.file(f"{name}.pem").read_bytes())

    def _key(self, name: str, curve: str) -> None:
        run("ecparam", "-genkey", "-noout", "-name", curve, "-out", self.file(f"{name}.key"))

    def root(self, name: str) -> None:
        self._key(name, "SM2")
        extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
        run(
            *("req", "-x509", "-new", "-sm3", "-sigopt", STANDARD_ID, "-key", self.file(f"{name}.key")),
            *("-subj", f"/C=CN/CN=openssl {name}", "-days", "3000", "-out", self.file(f"{name}.pem")),
            *(argument for extension in extensions for argument in ("-addext", extension)),
        )

    def request(self, name: str, *, curve: str = "SM2", user_id: str | None = STANDARD_ID) -> Path:
        self._key(name, curve)
        signed = ["-sm3", *(["-sigopt", user_id] if user_id else [])] if curve == "SM2" else ["-sha256"]
        path = self.file(f"{name}.csr")
        run("req", "-new", "-key", self.file(f"{name}.key"), *signed, "-subj", f"/C=CN/CN={name}", "-out", path)
        return path

    def issue(
        self, name: str, issuer: str, serial: int, kind: str, *, curve: str = "SM2", user_id: str | None = STANDARD_ID
    ) -> Certificate:
        request = self.request(name, curve=curve)
        extensions = self.file("extensions")
        extensions.write_text(EXTENSIONS[kind] + IDENTIFIERS)
        run(
            *("x509", "-req", "-in", request, *(["-vfyopt", STANDARD_ID] if curve == "SM2" else [])),
            *("-CA", self.file(f"{issuer}.pem"), "-CAkey", self.file(f"{issuer}.key"), "-set_serial", str(serial)),
            *("-days", "900", "-sm3", *(["-sigopt", user_id] if user_id else []), "-extfile", extensions),
            *("-out", self.file(f"{name}.pem")),
        )
        return self.certificate(name)

    def crl(self, issuer: str, revoked: dict[int, str], *, user_id: str | None = STANDARD_ID) -> bytes:
        """A CRL with the reason of each serial number."""
        lines = [f"R\t350101000000Z\t260101000000Z,{why}\t{n:02X}\tunknown\t/CN=x\n" for n, why in revoked.items()]
        self.file(f"{issuer}.index").write_text("".join(lines))
        self.file(f"{issuer}.number").write_text("01\n")
        self.file(f"{issuer}.cnf").write_text(DATABASE.format(place=self.place, name=issuer))
        run(
            *("ca", "-gencrl", "-config", self.file(f"{issuer}.cnf"), "-keyfile", self.file(f"{issuer}.key")),
            *("-cert", self.file(f"{issuer}.pem"), *(["-sigopt", user_id] if user_id else [])),
            *("-out", self.file(f"{issuer}.crl")),
        )
        return self.file(f"{issuer}.crl").read_bytes()

    def ocsp(self, name: str, serial: int, issuer: str, responder: str, *, user_id: str = STANDARD_ID) -> bytes:
        """What a responder says of a certificate: good."""
        index, request, response = self.file("ocsp.index"), self.file("ocsp.request"), self.file("ocsp.response")
        index.write_text(f"V\t350101000000Z\t\t{serial:02X}\tunknown\t/CN=x\n")
        asked = ["-issuer", self.file(f"{issuer}.pem"), "-cert", self.file(f"{name}.pem")]
        run("ocsp", *asked, "-reqout", request, "-no_nonce")
        run(
            *("ocsp", "-index", index, "-CA", self.file(f"{issuer}.pem"), "-reqin", request, "-respout", response),
            *("-rsigner", self.file(f"{responder}.pem"), "-rkey", self.file(f"{responder}.key"), "-ndays", "2"),
            *("-rmd", "sm3", "-rsigopt", user_id),
        )
        return response.read_bytes()
