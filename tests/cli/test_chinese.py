"""The Chinese catalogue is whole: nothing lacks a text, no text is left over, and what must agree agrees."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import ecard.cli
from ecard import errors
from ecard.cli import demo_story
from ecard.cli.chinese.commands import COMMANDS
from ecard.cli.chinese.demo import README
from ecard.cli.chinese.doctor import REMEDIES, STATES, SUBJECTS
from ecard.cli.chinese.errors import ERRORS, OTHER_ERRORS, PUK_ERRORS
from ecard.cli.chinese.findings import EVIDENCE, FINDINGS, INDICATIONS
from ecard.cli.chinese.messages import MESSAGES
from ecard.cli.chinese.options import OPTIONS
from ecard.cli.chinese.steps import MISTAKES, OUTCOMES, STEPS
from ecard.cli.error_words import in_one_line
from ecard.cli.help_words import wrapped
from ecard.cli.language import Language, language_of
from ecard.doctor import Level, State
from ecard.documents.ceb.report import Step
from ecard.documents.mistakes import Mistake
from ecard.documents.payment179.verifying import PaymentStep
from ecard.documents.receipts.codes import CODES, explain
from ecard.documents.steps import Outcome as StepOutcome
from ecard.errors import InvalidInputError, NoCardReason
from ecard.findings import FindingCode, Indication
from ecard.pki.revocation import SourceKind
from ecard.roles.acts import Act, CardState
from tests.cli.command_tree import examples, tree
from tests.cli.conftest import Demo, Ecard

HAN = re.compile(r"[\u4e00-\u9fff]")
SOURCES = sorted(Path(ecard.cli.__file__).parent.glob("*.py"))
OF_TYPER = {"Show this message and exit."}


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_LANGUAGE", "zh")


def subclasses(kind: type[errors.EcardError]) -> set[type[errors.EcardError]]:
    return {kind}.union(*(subclasses(below) for below in kind.__subclasses__()))


def test_every_error_has_a_sentence() -> None:
    public = {found for found in vars(errors).values() if inspect.isclass(found) and issubclass(found, Exception)}
    assert set(ERRORS) == public


def test_every_code_has_a_sentence() -> None:
    assert set(FINDINGS) == set(FindingCode)
    assert set(INDICATIONS) == set(Indication)
    assert set(EVIDENCE) == set(SourceKind)
    assert set(MISTAKES) == set(Mistake)
    assert set(OUTCOMES) == set(StepOutcome)
    assert set(STEPS) == {step.label for step in (*Step, *PaymentStep)}


def test_every_state_of_the_doctor_has_a_sentence_and_a_remedy_where_there_is_one() -> None:
    assert set(STATES) == set(State)
    assert set(REMEDIES) == {state for state in State if state.remedy}


def test_every_subject_of_the_doctor_has_a_word() -> None:
    folder = Path(inspect.getfile(State)).parent
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    named = set(re.findall(r'^_(?:SUBJECT|CARD|SERVICE|READERS|TRUST|EVIDENCE)\b.*= "([^"]+)"', text, re.M))
    named |= set(re.findall(r'Line\("([^"]+)"', text)) | {"certificate"}
    assert set(SUBJECTS) == named


def test_every_command_and_option_has_a_help_text_and_none_is_left_over() -> None:
    found = dict(tree())
    assert set(COMMANDS) == set(found)
    helps = {getattr(p, "help", None) for command in found.values() for p in command.params}
    assert set(OPTIONS) == {text for text in helps if text} - OF_TYPER


@pytest.mark.parametrize("path", COMMANDS)
def test_the_examples_are_the_same(path: str) -> None:
    assert examples(COMMANDS[path]) == examples(dict(tree())[path].help or "")


CALLS = {"translate", "begin", "waiting", "counting", "counted"}
"""What says a text."""


def spoken() -> set[str]:
    """The texts that the command line says through ``translate``: constants in its calls, and in what it is given."""
    said: set[str] = set()
    for path in SOURCES:
        module = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in CALLS:
                wanted = node.args[-1:] if ast.unparse(node.func) == "counted" else node.args[:1]
                said |= {text for argument in wanted for text in constants(argument)}
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"words", "waiting"}:
                said |= constants(node.value)
    return said


def constants(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return constants(node.body) | constants(node.orelse)
    return set()


def tabled() -> set[str]:
    """The texts that reach ``translate`` out of tables: codes, states, facts, and the steps of the demonstration."""
    acts = {act.value for act in Act} | {"sign", "order", "verify the PIN", "be the new one"}
    acts |= {
        "be the new one, again",
        "change it",
        "unblock the PIN",
        "renew its certificates",
        "sign the certificate request",
    }
    states = {state.value for state in CardState} | {NoCardReason.NO_CARD.value, NoCardReason.UNSUPPORTED_CARD.value}
    facts = {"card", "atr", "label", "version", "serial", "guid", "expires", "pin tries", "puk tries", "management key"}
    facts |= {"legal-person card of {enterprise}", "operator card of {enterprise}"}
    tried = set(re.findall(r'_verify\(\s*"([^"]+)"', inspect.getsource(demo_story)))
    headings = {"tried", "outcome", "why"}
    remedies = {explain(number).remedy or "" for number in (*CODES, -1, 0)} - {""}
    return remedies | acts | states | facts | tried | headings | {level.value for level in Level}


def test_every_message_has_a_text_and_none_is_left_over() -> None:
    assert set(MESSAGES) == spoken() | tabled()


@pytest.mark.parametrize("english", MESSAGES)
def test_a_message_keeps_what_is_filled_in(english: str) -> None:
    names = re.compile(r"\{(\w+)\}")
    assert sorted(names.findall(MESSAGES[english])) == sorted(names.findall(english))


def test_the_text_of_the_demonstration_keeps_what_is_filled_in_and_the_files() -> None:
    for words in (r"\{(\w+)\}", r"^([\w./*-]+) {3,}"):
        found = [re.findall(words, text, re.M) for text in (demo_story.README_TEXT, README)]
        assert found[0] == found[1]
        assert found[0]


def test_everything_is_chinese() -> None:
    tables: list[Mapping[Any, str]] = [
        COMMANDS,
        OPTIONS,
        ERRORS,
        OTHER_ERRORS,
        FINDINGS,
        INDICATIONS,
        EVIDENCE,
        STATES,
        REMEDIES,
        STEPS,
        OUTCOMES,
    ]
    for table in tables:
        for text in table.values():
            assert HAN.search(text), text
    alike = {text for text in MESSAGES if not HAN.search(MESSAGES[text])}
    assert alike == {"guid", "{name}: {value}"}


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, Language.ENGLISH),
        ({"LANG": "zh_CN.UTF-8"}, Language.CHINESE),
        ({"LANG": "zh"}, Language.CHINESE),
        ({"LANG": "zh_TW"}, Language.CHINESE),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, Language.ENGLISH),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, Language.CHINESE),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, Language.CHINESE),
        ({"LANG": "zha_CN"}, Language.ENGLISH),
        ({"LANG": "zh_CN.UTF-8", "ECARD_LANGUAGE": "en"}, Language.ENGLISH),
        ({"LC_ALL": "C", "ECARD_LANGUAGE": "zh"}, Language.CHINESE),
    ],
)
def test_which_language(environment: dict[str, str], language: Language) -> None:
    assert language_of(environment) is language


def test_a_language_that_is_none(ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInputError):
        language_of({"ECARD_LANGUAGE": "klingon"})
    monkeypatch.setenv("ECARD_LANGUAGE", "klingon")
    outcome = ecard("pin", "generate")
    assert outcome.status == 2
    assert "set it to en or zh" in outcome.err


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("path", dict(tree()))
def test_help_pages(path: str, ecard: Ecard) -> None:
    page = ecard(*path.split()[1:], "-h").out
    assert page.startswith("用法：")
    for word in ("Usage:", "Options:", "Arguments:", "Commands:", "Show this", "required", "default:", "Example"):
        assert word not in page, word


@pytest.mark.usefixtures("chinese")
def test_the_doctor(demo: Demo, ecard: Ecard) -> None:
    outcome = ecard("doctor", "--card", demo.card("operator-2"), "--trust", demo.crls)
    assert outcome.status == 1
    assert "证书 9C：已被撤销（" in outcome.out
    assert "请到数据分中心申请新卡" in outcome.out
    assert re.search(r"^\d+ 正常, \d+ 注意, \d+ 异常$", outcome.out, re.M)


@pytest.mark.usefixtures("chinese")
def test_errors(demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_PIN", "90817263")
    outcome = ecard("sign", demo.contract, "--card", demo.card("operator-1"))
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("ecard: PIN 错误")
    assert "2 tries left" in outcome.err
    assert outcome.err.count("\n") == 1
    assert ecard("sign").err.startswith("ecard: 命令写法有误：请用 -h 查看用法（")
    assert ecard("sign", "/no/such", "--card", "sim:x").err.startswith("ecard: 输入有误")


@pytest.mark.usefixtures("chinese")
def test_errors_about_a_puk_say_puk(demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    unblock = ["card", "pin", "unblock", "--card", demo.card("operator-1")]
    monkeypatch.setenv("ECARD_NEW_PIN", "730185")
    monkeypatch.setenv("ECARD_PUK", "123")
    assert ecard(*unblock).err.startswith("ecard: PUK 的长度或字符不合此卡要求")
    monkeypatch.setenv("ECARD_PUK", "")
    assert ecard(*unblock).err.startswith("ecard: 需要 PUK：")
    monkeypatch.setenv("ECARD_PUK", "90817263")
    assert ecard(*unblock).err.startswith("ecard: PUK 错误：")
    assert ecard(*unblock).err.startswith("ecard: PUK 错误：")
    assert ecard(*unblock).err.startswith("ecard: PUK 只剩最后一次机会")
    assert ecard(*unblock, "--use-last-try").err.startswith("ecard: PUK 已锁定：")
    assert ecard(*unblock).err.startswith("ecard: PUK 已锁定：")
    monkeypatch.setenv("ECARD_NEW_PUK", "11111111")
    assert ecard("card", "puk", "change", "--card", demo.card("operator-1")).err.startswith("ecard: PUK 太弱")


def test_every_error_that_can_be_about_a_puk_has_words_for_it() -> None:
    of_pins = subclasses(errors.PinError) - {errors.ConsentExceededError}
    assert set(PUK_ERRORS) == of_pins
    assert all(text.startswith(("PUK", "需要 PUK")) for text in PUK_ERRORS.values())


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("kind", sorted(OTHER_ERRORS, key=str))
def test_other_errors(kind: type[BaseException]) -> None:
    error = kind("x") if kind is not OSError else OSError(28, "No space left on device", "x")
    assert in_one_line(error).startswith(OTHER_ERRORS[kind])


@pytest.mark.usefixtures("chinese")
def test_weak_pins_are_told_in_chinese(ecard: Ecard, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_NEW_PIN", "123456")
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    outcome = ecard("card", "pin", "change", "--card", demo.card("operator-1"))
    assert outcome.status == 2
    assert outcome.err.startswith("ecard: PIN 太弱，请换一个：")


def test_lines_are_no_wider_than_the_terminal() -> None:
    text = COMMANDS["ecard sign"] + "，" + "中" * 100
    for line in wrapped(text, 40).splitlines():
        assert sum(2 if HAN.match(c) or c in "，。：；（）" else 1 for c in line) <= 42
    assert wrapped(text, 40).replace("\n", "").replace(" ", "") == text.replace("\n", "").replace(" ", "")
