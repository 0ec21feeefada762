"""``ecard 179`` as a person uses it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ecard.cli.app import run
from tests.cli.conftest import Demo, Ecard, Outcome

PAYMENT = (
    '{"sessionID":"fe2374-8fnejf97-32839218","payExchangeInfoHead":{"guid":"9D55BA71-22DE-41F4-8B50-C36C83B3B530",'
    '"initalRequest":"https://pay.example/request","initalResponse":"ok","ebpCode":"3301963K69",'
    '"payCode":"312226T001","payTransactionId":"2018121222001354081010726129","totalAmount":5.0,"currency":"142",'
    '"verDept":"3","payType":"1","tradingTime":"20181212041803","note":"说明"},"payExchangeInfoLists":'
    '[{"orderNo":"SO1710301150602574003","goodsInfo":[{"gname":"绿茶","itemLink":"https://m.example/tea"}],'
    '"recpAccount":"OSA571908863132601","recpCode":"","recpName":"EXAMPLE LIMITED"}],"serviceTime":"1544519952469"}'
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    place = tmp_path_factory.mktemp("payment") / "demo"
    assert run(["demo", "--out", str(place), "--algorithm", "sm2"]) == 0
    return Demo(place)


@pytest.fixture
def payment(original: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    demo = Demo(Path(shutil.copytree(original.place, tmp_path / "demo")))
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    (demo.place / "payment.json").write_text(PAYMENT, encoding="utf-8")
    assert run(["card", "certificate", "export", "--card", demo.card("operator-1"), "-o", f"{demo.place}/op.pem"]) == 0
    return demo


def verify(ecard: Ecard, demo: Demo, *options: object) -> Outcome:
    signed = demo.place / "payment.json.signed.json"
    return ecard(
        "179", "verify", signed, "--certificate", demo.place / "op.pem", "--trust", demo.crls, "--anyone", *options
    )


@pytest.mark.parametrize("form", [False, True])
def test_sign_verify_and_change(payment: Demo, ecard: Ecard, form: bool) -> None:
    options = ["--form"] if form else []
    signing = ecard("179", "sign", payment.place / "payment.json", "--card", payment.card("operator-1"), *options)
    assert signing.status == 0, signing
    signed = payment.place / "payment.json.signed.json"
    if not form:
        posted = json.loads(signed.read_text(encoding="utf-8"))
        assert list(posted)[-2:] == ["certNo", "signValue"]
        assert '"totalAmount":5.0,' in signed.read_text(encoding="utf-8")
    accepted = verify(ecard, payment, "--json")
    assert accepted.status == 0, accepted
    assert json.loads(accepted.out)["accepted"] is True
    assert verify(ecard, payment, "--html", payment.place / "report.html").status == 0
    assert "Accepted" in (payment.place / "report.html").read_text(encoding="utf-8")
    signed.write_bytes(signed.read_bytes().replace(b"3301963K69", b"3301963K68"))
    refused = verify(ecard, payment)
    assert refused.status == 1
    assert "signature" in refused.out


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        PAYMENT.replace("initalRequest", "initialRequest"),
        PAYMENT.replace('"verDept":"3"', '"verDept":"9"'),
        PAYMENT.replace("payExchangeInfoLists", "payExchangeInfoList"),
    ],
)
def test_data_that_break_a_rule_are_not_signed(payment: Demo, ecard: Ecard, text: str) -> None:
    (payment.place / "payment.json").write_text(text, encoding="utf-8")
    outcome = ecard("179", "sign", payment.place / "payment.json", "--card", payment.card("operator-1"))
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1
    assert not (payment.place / "payment.json.signed.json").exists()
