"""The examples of the documentation run as they stand, and many threads may verify at once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecard.algorithms import KeyKind
from ecard.documents import ceb, dxp
from ecard.documents.signers import UnsafeAnyone
from tests.ceb.centre import AT, card
from tests.ceb.instances import SMALL
from tests.ceb.test_receipts import receipt

DOCS = Path(__file__).parents[2] / "docs"


class Clock(datetime):
    """The clock of the examples stands at the moment of the tests."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        assert tz is UTC
        return AT


def examples(name: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("name", ["ceb.md", "payment179.md"])
def test_the_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    signer = card(KeyKind.SM2)
    for directory in ("in", "out"):
        (tmp_path / directory).mkdir()
    (tmp_path / "in" / "1.xml").write_bytes(SMALL)
    (tmp_path / "CEB621Message.xml").write_bytes(SMALL.replace(b"311", b"621"))
    (tmp_path / "CEB622Message.xml").write_bytes(receipt(622, "<returnStatus>120</returnStatus>"))
    envelope = dxp.Envelope.around(SMALL, sender="S", message_id="M", created=AT)
    names: dict[str, object] = {
        "operator": signer.holder,
        "holder": signer.holder,
        "card": signer.holder,
        "trust": signer.trust,
        "certificate": signer.certificate,
        "signer": UnsafeAnyone(),
        "moment": AT,
        "response": b'{"code":"10000","message":""}',
    }
    for text in examples(name):
        if "dxp.parse" in text:
            signed = dxp.sign(envelope, signer.holder)
            names["report"] = dxp.verify(
                signed, certificate=signer.certificate, trust=signer.trust, signer=UnsafeAnyone(), at=AT
            )
        if "payment179.verify" in text:
            names["payload"] = names["body"]
        exec(compile(text.replace("datetime.now", "clock.now"), name, "exec"), {**names, "clock": Clock}, names)
    if name == "ceb.md":
        assert names["result"].complete  # type: ignore[attr-defined]
    else:
        assert names["answer"].accepted  # type: ignore[attr-defined]


def test_many_threads_at_once() -> None:
    signer = card(KeyKind.SM2)
    messages = [ceb.sign(SMALL.replace(b'"G"', f'"{number}"'.encode()), signer.holder) for number in range(8)]

    def verify(message: bytes) -> bytes | None:
        return ceb.verify(message, at=AT, trust=signer.trust, signer=UnsafeAnyone()).verified

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(verify, messages * 20))
    for number, verified in enumerate(results):
        assert verified is not None
        assert f'guid="{number % 8}"'.encode() in verified
