"""The logins of the examples, with the test clients of FastAPI and Django and a simulated card."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.test import Client as DjangoClient
from fastapi.testclient import TestClient

import ecard
from ecard.pki.profile import Usage
from ecard.roles.acts import Act, Office
from ecard.roles.login import LoginServer
from ecard.roles.personalising import personalise
from ecard.simulator import InProcess, SimulatedCard
from examples import login_django, login_fastapi
from examples.login_client import log_in
from tests.roles.world import CODE, ONLINE, World, number

SERVER = "centre.example"
PIN = ecard.Pin("80246813")


class Login(Protocol):
    """One of the two programs, as a client sees it."""

    def log_in(self, server: str = SERVER) -> Any: ...

    def send(self, answer: Mapping[str, str]) -> Any: ...

    def declarations(self) -> Any: ...


class Enterprise:
    """An enterprise with an operator, whose card is simulated and has a key to log in."""

    def __init__(self, world: World) -> None:
        self.world = world
        seal = world.enterprise()
        world.operator(seal)
        self.card = InProcess(SimulatedCard.new("yubikey"))

        def issue(requests: Mapping[Usage, bytes]) -> Mapping[Usage, ecard.Certificate]:
            officer, at = world.officers[Office.CENTRE], world.later()
            subject, details = f"card/{number(201)}", {"ground": "replaced"}
            return world.centre.order(
                Act.RENEW, subject, officer, at=at, details=details, requests=requests
            ).certificates

        own = ecard.CardSecrets(pin=PIN, puk=ecard.Pin("73519468"), management_key=secrets.token_bytes(24))
        with ecard.Session(self.card) as session:
            personalise(
                session,
                name=number(201),
                kind=ecard.KeyKind.P256,
                secrets=own,
                issue=issue,
                issuers=[world.authority.certificate],
            )
        self.server = LoginServer(SERVER, world.register, world.centre.trust)

    def approve(self) -> None:
        seal = self.world.holders[number(101)]
        self.world.give(Act.FILE_BUSINESS, f"business/{CODE}/customs", seal, channel=ONLINE)
        self.world.give(Act.APPROVE_BUSINESS, f"business/{CODE}/customs", Office.CUSTOMS)

    def freeze(self) -> None:
        self.world.on_card(Act.FREEZE, 201, self.world.holders[number(101)], "freeze", channel=ONLINE)

    def answer(self, http: Any, server: str = SERVER) -> Any:
        with ecard.Session(self.card) as session:
            return log_in(http, session, server, PIN)


class InFastApi:
    def __init__(self, enterprise: Enterprise) -> None:
        self._enterprise = enterprise
        self.http = TestClient(login_fastapi.create_app(enterprise.server, lambda: enterprise.world.now))

    def log_in(self, server: str = SERVER) -> Any:
        answer = self._enterprise.answer(self.http, server)
        if answer.status_code == 200:
            self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return answer

    def send(self, answer: Mapping[str, str]) -> Any:
        return self.http.post("/login", json=answer)

    def declarations(self) -> Any:
        return self.http.get("/declarations")


class _JsonClient:
    """Django's client, with ``json=`` as others have it."""

    def __init__(self) -> None:
        self.client = DjangoClient(enforce_csrf_checks=True)

    def get(self, url: str) -> Any:
        return self.client.get(url, secure=True, headers={"host": SERVER})

    def post(self, url: str, *, json: Any) -> Any:
        return self.client.post(url, json, content_type="application/json", secure=True, headers={"host": SERVER})


class InDjango:
    def __init__(self, enterprise: Enterprise) -> None:
        self._enterprise = enterprise
        login = login_django.CardLogin(enterprise.server, lambda: enterprise.world.now)
        login_django.urlpatterns[:] = login.urls()
        self.http = _JsonClient()

    def log_in(self, server: str = SERVER) -> Any:
        return self._enterprise.answer(self.http, server)

    def send(self, answer: Mapping[str, str]) -> Any:
        return self.http.post("/login", json=answer)

    def declarations(self) -> Any:
        return self.http.get("/declarations")


@pytest.fixture(scope="session")
def django_settings() -> None:
    import django

    login_django.configure(secrets.token_urlsafe(50), SERVER)
    django.setup()


@pytest.fixture
def enterprise(tmp_path: Path) -> Iterator[Enterprise]:
    world = World(str(tmp_path / "register.db"))
    yield Enterprise(world)
    world.close()


@pytest.fixture(params=["fastapi", "django"])
def program(request: pytest.FixtureRequest, enterprise: Enterprise) -> Login:
    if request.param == "fastapi":
        return InFastApi(enterprise)
    request.getfixturevalue("django_settings")
    from django.urls import clear_url_caches

    clear_url_caches()
    return InDjango(enterprise)


def test_who_has_the_card_and_the_approval_gets_in(program: Login, enterprise: Enterprise) -> None:
    assert program.declarations().status_code == 401
    assert program.log_in().json()["card"] == number(201)
    assert program.declarations().status_code == 403
    enterprise.approve()
    program.log_in()
    assert program.declarations().json() == {"enterprise": CODE}


def test_a_card_that_is_frozen_is_out_at_once(program: Login, enterprise: Enterprise) -> None:
    enterprise.approve()
    program.log_in()
    assert program.declarations().status_code == 200
    enterprise.freeze()
    assert program.declarations().status_code == 401
    refused = program.log_in()
    assert (refused.status_code, refused.json().get("reason") or refused.json()["detail"]["reason"]) == (401, "state")


def test_an_answer_for_another_server_does_not_let_in(program: Login) -> None:
    refused = program.log_in("thief.example")
    assert refused.status_code == 401
    assert "signature" in str(refused.json())
    assert program.declarations().status_code == 401


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"challenge": "AA==", "certificate": "AA==", "signature": "not Base64"},
        {"challenge": "AA==", "certificate": "AA==", "signature": 7},
        {"challenge": "AA==", "certificate": b64encode(b"\x30\x00").decode(), "signature": "AA=="},
    ],
    ids=["empty", "not Base64", "a number", "no certificate"],
)
def test_nonsense_is_refused_without_an_error_of_the_server(program: Login, answer: Mapping[str, str]) -> None:
    assert 400 <= program.send(answer).status_code < 500


def test_a_session_ends(enterprise: Enterprise) -> None:
    program = InFastApi(enterprise)
    enterprise.approve()
    program.log_in()
    enterprise.world.now += login_fastapi.SESSION_LIFE - timedelta(seconds=1)
    assert program.declarations().status_code == 200
    enterprise.world.now += timedelta(seconds=1)
    assert program.declarations().status_code == 401
