"""A login with a card in FastAPI: two routes for the login, and a dependency for the routes behind it."""

import secrets
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Base64Bytes, BaseModel, Field

import ecard
from ecard.errors import EcardError, LoginError
from ecard.roles.acts import CardState
from ecard.roles.login import LoggedIn, LoginServer

SESSION_LIFE = timedelta(hours=1)


class Answer(BaseModel):
    """What a client sends; each field is Base64."""

    challenge: Base64Bytes = Field(max_length=64)
    certificate: Base64Bytes = Field(max_length=8192)
    signature: Base64Bytes = Field(max_length=1024)


def now() -> datetime:
    """The moment."""
    return datetime.now(UTC)


def create_app(server: LoginServer, clock: Callable[[], datetime] = now) -> FastAPI:
    """The application. Tokens are kept in this process: run one, or keep them where all can see them."""
    app = FastAPI()
    sessions: dict[str, tuple[LoggedIn, datetime]] = {}

    @app.get("/login/challenge")
    def challenge() -> dict[str, str]:
        return {"challenge": b64encode(server.challenge(at=clock())).decode()}

    @app.post("/login")
    def login(answer: Answer) -> dict[str, str]:
        try:
            certificate = ecard.Certificate(answer.certificate)
            who = server.finish(answer.challenge, certificate, answer.signature, at=clock())
        except LoginError as error:
            raise HTTPException(401, {"reason": error.reason.value}) from None
        except EcardError:
            raise HTTPException(401, {"reason": "certificate"}) from None
        token = secrets.token_urlsafe(32)
        sessions[token] = (who, clock() + SESSION_LIFE)
        return {"token": token, "card": who.card}

    def logged_in(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> LoggedIn:
        who, until = sessions.get(given.credentials, (None, clock()))
        # a card that was frozen or lost since is out at once, not when its session ends
        if who is None or clock() >= until or server.register.status(who.card, clock()) is not CardState.ACTIVE:
            sessions.pop(given.credentials, None)
            raise HTTPException(401, {"reason": "log in"})
        return who

    @app.get("/declarations")
    def declarations(who: Annotated[LoggedIn, Depends(logged_in)]) -> dict[str, str]:
        if "sign:customs" not in who.permissions:
            raise HTTPException(403, {"reason": "customs has not approved this enterprise"})
        return {"enterprise": who.enterprise}

    return app
