"""A login with a card in Django: two views for the login, and a check for the views behind it."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

import ecard
from ecard.errors import EcardError, LoginError
from ecard.roles.acts import CardState
from ecard.roles.login import LoginServer


def now() -> datetime:
    """The moment."""
    return datetime.now(UTC)


class CardLogin:
    """The views. ``server`` is the same for all requests of the process."""

    def __init__(self, server: LoginServer, clock: Callable[[], datetime] = now) -> None:
        self.server = server
        self.clock = clock

    def challenge(self, _request: HttpRequest) -> JsonResponse:
        """A new challenge."""
        return JsonResponse({"challenge": b64encode(self.server.challenge(at=self.clock())).decode()})

    def login(self, request: HttpRequest) -> JsonResponse:
        """Take the answer, and begin a session."""
        try:
            sent = {name: b64decode(text, validate=True) for name, text in json.loads(request.body).items()}
            certificate = ecard.Certificate(sent["certificate"])
            who = self.server.finish(sent["challenge"], certificate, sent["signature"], at=self.clock())
        except LoginError as error:
            return JsonResponse({"reason": error.reason.value}, status=401)
        except (ValueError, TypeError, KeyError, AttributeError, EcardError):
            return JsonResponse({"reason": "malformed"}, status=400)
        request.session.cycle_key()
        request.session.update({"card": who.card, "enterprise": who.enterprise, "permissions": sorted(who.permissions)})
        return JsonResponse({"card": who.card})

    def who(self, request: HttpRequest) -> dict[str, Any] | None:
        """Who is logged in. A card that was frozen or lost since is out at once, not when its session ends."""
        card = request.session.get("card")
        if card is None or self.server.register.status(card, self.clock()) is not CardState.ACTIVE:
            request.session.flush()
            return None
        return {name: request.session[name] for name in ("card", "enterprise", "permissions")}

    def declarations(self, request: HttpRequest) -> JsonResponse:
        """A view behind the login."""
        who = self.who(request)
        if who is None:
            return JsonResponse({"reason": "log in"}, status=401)
        if "sign:customs" not in who["permissions"]:
            return JsonResponse({"reason": "customs has not approved this enterprise"}, status=403)
        return JsonResponse({"enterprise": who["enterprise"]})

    def urls(self) -> list[Any]:
        """For ``urlpatterns``. A login needs no token against forged requests: the challenge is one."""
        return [
            path("login/challenge", require_GET(self.challenge)),
            path("login", csrf_exempt(require_POST(self.login))),
            path("declarations", require_GET(self.declarations)),
        ]


def configure(secret_key: str, host: str) -> None:
    """The settings that the login needs; in a project they stand in settings.py."""
    settings.configure(
        SECRET_KEY=secret_key,
        ALLOWED_HOSTS=[host],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_AGE=3600,
        ROOT_URLCONF=__name__,
    )


urlpatterns: list[Any] = []
