"""Refusals as the server words them: problem+json."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from aiohttp import web

from sandbox.identity_manager.interface import Conflict, NotFound

Answer = TypeVar("Answer")


class Problem(Exception):
    """Ends a request with this status. ``code`` is for 409."""

    def __init__(
        self, status: int, detail: str, code: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.headers = headers or {}

    def response(self) -> web.Response:
        body = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "traceId": secrets.token_hex(16),
        }
        if self.code:
            body["code"] = self.code
        return web.Response(
            status=self.status,
            text=json.dumps(body, ensure_ascii=False),
            content_type="application/problem+json",
            headers=self.headers,
        )


def bad_request(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)


def forbidden(path: str) -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, f"The permission {path} is not granted.")


def not_found(what: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, f"{what} was not found.")


def asked(ask: Callable[[], Answer]) -> Answer:
    """What the world answers; what it refuses becomes the refusal of the request."""
    try:
        return ask()
    except NotFound as error:
        raise not_found(str(error)) from error
    except Conflict as error:
        raise Problem(HTTPStatus.CONFLICT, str(error), error.code) from error
