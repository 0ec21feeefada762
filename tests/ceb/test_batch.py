"""Batches: planned, signed, interrupted, resumed; nothing overwritten that is not asked for."""

from __future__ import annotations

import errno
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from ecard.algorithms import KeyKind, Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents import ceb
from ecard.documents.ceb import Batch, Profile
from ecard.documents.signers import UnsafeAnyone
from ecard.errors import CardConnectionError, EcardError, InvalidInputError, WrongCardError
from ecard.keyholder import KeyHolder
from ecard.pki.identity import CardType
from tests.ceb.centre import AT, card
from tests.ceb.instances import SMALL

SM2 = card(KeyKind.SM2)


class Unreliable(KeyHolder):
    """A card that goes away after some signatures."""

    def __init__(self, good: int) -> None:
        self.left = good

    @property
    def certificate(self) -> Certificate:
        return SM2.certificate

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        if not self.left:
            raise CardConnectionError("the card was removed")
        self.left -= 1
        return SM2.holder.sign(message, algorithm)


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    target.mkdir()
    for number in range(5):
        (source / f"{number}.xml").write_bytes(SMALL.replace(b'"G"', f'"{number}"'.encode()))
    (source / "note.txt").write_text("not a message")
    (source / "directory.xml").mkdir()
    return source, target


def plan(places: tuple[Path, Path], **options: bool) -> Batch:
    return Batch.plan(*places, SM2.certificate, **options)


def names(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


def test_all_is_signed_and_progress_is_told(places: tuple[Path, Path]) -> None:
    told: list[tuple[str, EcardError | None]] = []
    batch = plan(places)
    result = batch.sign(SM2.holder, progress=lambda path, error: told.append((path.name, error)))
    assert names(result.signed) == names(batch.pending) == ["0.xml", "1.xml", "2.xml", "3.xml", "4.xml"]
    assert told == [(f"{number}.xml", None) for number in range(5)]
    assert result.complete
    for path in result.signed:
        assert ceb.verify(path, at=AT, trust=SM2.trust, signer=UnsafeAnyone()).accepted
    assert sorted(path.name for path in places[1].iterdir()) == names(result.signed)


def test_failures_are_listed_and_the_rest_goes_on(places: tuple[Path, Path]) -> None:
    (places[0] / "1.xml").write_bytes(b"<a>")
    (places[0] / "3.xml").write_bytes(SMALL.replace(b"311", b"312"))
    result = plan(places).sign(SM2.holder)
    assert names(result.signed) == ["0.xml", "2.xml", "4.xml"]
    assert [failure.path.name for failure in result.failures] == ["1.xml", "3.xml"]
    assert "3.xml: CEB312Message" in str(result.failures[1])
    assert not result.complete
    assert result.stopped_by is None


def test_a_batch_goes_on_where_the_card_left_it(places: tuple[Path, Path]) -> None:
    first = plan(places).sign(Unreliable(2))
    assert names(first.signed) == ["0.xml", "1.xml"]
    assert names(first.not_attempted) == ["2.xml", "3.xml", "4.xml"]
    assert isinstance(first.stopped_by, CardConnectionError)
    before = (places[1] / "0.xml").read_bytes()
    again = plan(places)
    assert (names(again.done), len(again.pending)) == (["0.xml", "1.xml"], 3)
    second = again.sign(Unreliable(3))
    assert second.complete
    assert (places[1] / "0.xml").read_bytes() == before
    assert plan(places).pending == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        SMALL,
        b"something else",
        ceb.sign(SMALL, SM2.holder),
        ceb.sign(SMALL.replace(b'"G"', b'"0"'), SM2.holder) + b"\n",
        ceb.sign(SMALL.replace(b'"G"', b'"0"'), SM2.holder).replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>A"),
        ceb.sign(SMALL.replace(b'"G"', b'"0"'), card(KeyKind.SM2, CardType.LEGAL_PERSON).holder),
    ],
    ids=["nothing", "unsigned", "text", "another message", "a line more", "a broken value", "another signer"],
)
def test_something_else_in_the_place_is_left_alone_unless_asked(places: tuple[Path, Path], content: bytes) -> None:
    (places[1] / "0.xml").write_bytes(content)
    batch = plan(places)
    assert [failure.path.name for failure in batch.blocked] == ["0.xml"]
    assert not batch.sign(SM2.holder).complete
    assert (places[1] / "0.xml").read_bytes() == content
    assert names(plan(places, overwrite=True).pending) == ["0.xml"]
    assert plan(places, overwrite=True).sign(SM2.holder).complete


def test_signed_messages_are_signed_anew_when_asked(places: tuple[Path, Path]) -> None:
    old = ceb.sign(SMALL, card(KeyKind.RSA2048).holder)
    (places[0] / "0.xml").write_bytes(old)
    assert [str(f.error) for f in plan(places).sign(SM2.holder).failures] == [
        "the message has a signature already: ask for it to be replaced (--replace, replace=True)"
    ]
    assert plan(places, replace=True).sign(SM2.holder).complete
    assert ceb.remove_signature((places[1] / "0.xml").read_bytes()) == SMALL
    assert plan(places, replace=True).pending == ()


def test_options_are_those_of_sign(places: tuple[Path, Path]) -> None:
    plan(places).sign(SM2.holder, profile=Profile.SM2_HYBRID)
    assert b"#sm2-sm3" in (places[1] / "0.xml").read_bytes()
    (places[1] / "0.xml").unlink()
    refused = plan(places).sign(SM2.holder, roles={CardType.LEGAL_PERSON})
    assert names(refused.not_attempted) == ["0.xml"], "the wrong card would fail every file"


def test_an_expired_certificate_ends_the_batch(places: tuple[Path, Path]) -> None:
    result = plan(places).sign(SM2.holder, at=SM2.certificate.not_after + timedelta(seconds=1))
    assert isinstance(result.stopped_by, WrongCardError)
    assert len(result.not_attempted) == 5


def test_what_is_no_file_is_listed_and_never_opened(places: tuple[Path, Path]) -> None:
    source, target = places
    os.mkfifo(source / "5.xml")
    (source / "6.xml").symlink_to("nowhere")
    (source / "7.xml").symlink_to("7.xml")
    (source / "8.xml").symlink_to("0.xml")
    os.mkfifo(target / "0.xml")
    (target / "1.xml").mkdir()
    (target / "2.xml").symlink_to("nowhere")
    for overwrite in (False, True):
        batch = plan(places, overwrite=overwrite)
        assert [f.path.name for f in batch.blocked] == ["0.xml", "1.xml", "2.xml", "5.xml", "6.xml", "7.xml"]
        assert names(batch.pending) == ["3.xml", "4.xml", "8.xml"]
    assert names(batch.sign(SM2.holder).signed) == ["3.xml", "4.xml", "8.xml"]


def test_what_comes_to_the_place_after_the_plan_is_left_alone(places: tuple[Path, Path]) -> None:
    batch = plan(places)
    (places[1] / "1.xml").write_bytes(b"somebody else's")
    (places[0] / "2.xml").unlink()
    (places[0] / "3.xml").write_bytes(SMALL.replace(b'"G"', b'"changed"'))
    result = batch.sign(SM2.holder)
    assert [failure.path.name for failure in result.failures] == ["1.xml", "2.xml"]
    assert (places[1] / "1.xml").read_bytes() == b"somebody else's"
    assert ceb.remove_signature((places[1] / "3.xml").read_bytes()) == (places[0] / "3.xml").read_bytes()


def test_a_target_that_cannot_be_written_ends_the_batch_with_its_list(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, replace = Unreliable(3), os.replace

    def full(old: str, new: Path) -> None:
        if holder.left == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(old, new)

    monkeypatch.setattr(os, "replace", full)
    result = plan(places).sign(holder)
    assert names(result.signed) == ["0.xml", "1.xml"]
    assert names(result.not_attempted) == ["2.xml", "3.xml", "4.xml"]
    assert "No space left" in str(result.stopped_by)
    assert sorted(path.name for path in places[1].iterdir()) == ["0.xml", "1.xml"]


def test_a_killed_batch_leaves_whole_files_and_is_resumed(places: tuple[Path, Path]) -> None:
    """The process ends between the writing of a file and its renaming, as kill -9 would end it."""
    child = os.fork()
    if not child:
        try:
            renamed: list[Path] = []
            replace = os.replace

            def kill(old: str, new: Path) -> None:
                if len(renamed) == 2:
                    os.kill(os.getpid(), signal.SIGKILL)
                replace(old, new)
                renamed.append(new)

            os.replace = kill  # type: ignore[assignment]
            plan(places).sign(SM2.holder)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    batch = plan(places)
    assert (names(batch.done), names(batch.pending)) == (["0.xml", "1.xml"], ["2.xml", "3.xml", "4.xml"])
    assert batch.sign(SM2.holder).complete
    assert len(plan(places).done) == 5


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_an_interrupted_batch_leaves_no_part_of_a_file(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    usual = getattr(os, step)

    def interrupt(*arguments: object, **options: object) -> object:
        done = None if step == "replace" else usual(*arguments, **options)
        if len(list(places[1].iterdir())) == 3:
            raise KeyboardInterrupt
        return usual(*arguments, **options) if step == "replace" else done

    with monkeypatch.context() as patch:
        patch.setattr(os, step, interrupt)
        with pytest.raises(KeyboardInterrupt):
            plan(places).sign(SM2.holder)
    assert sorted(path.name for path in places[1].iterdir()) == ["0.xml", "1.xml"]
    again = plan(places)
    assert (names(again.done), names(again.pending)) == (["0.xml", "1.xml"], ["2.xml", "3.xml", "4.xml"])


def test_a_name_as_long_as_names_can_be(places: tuple[Path, Path]) -> None:
    name = "单" * 83 + ".xml"
    (places[0] / "0.xml").rename(places[0] / name)
    assert name in names(plan(places).sign(SM2.holder).signed)


def test_places_that_are_wrong(places: tuple[Path, Path], tmp_path: Path) -> None:
    for source, target in ((places[0], places[0]), (tmp_path / "none", places[1]), (places[0], tmp_path / "none")):
        with pytest.raises(InvalidInputError):
            Batch.plan(source, target, SM2.certificate)


@pytest.mark.parametrize("pattern", ["", "/x", "a**"])
def test_a_pattern_that_is_none(places: tuple[Path, Path], pattern: str) -> None:
    with pytest.raises(InvalidInputError, match=r"such as \*\.xml"):
        Batch.plan(*places, SM2.certificate, pattern=pattern)


def test_a_place_that_no_system_has_is_the_files_own_failure(places: tuple[Path, Path]) -> None:
    source, target = places
    long = "y" * 250 + ".xml"
    (source / "0.xml").rename(source / long)
    while len(str(target)) < os.pathconf(source, "PC_PATH_MAX") - 252:
        target /= "d" * min(200, os.pathconf(source, "PC_PATH_MAX") - 252 - len(str(target)))
    target.mkdir(parents=True)
    batch = Batch.plan(source, target, SM2.certificate)
    assert [failure.path.name for failure in batch.blocked] == [long]
    assert names(batch.pending) == ["1.xml", "2.xml", "3.xml", "4.xml"]
    with pytest.raises(InvalidInputError):
        Batch.plan(Path("a\0b"), target, SM2.certificate)
