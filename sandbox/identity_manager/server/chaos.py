"""Faults of the server itself, for the next requests that match."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from aiohttp import web

from sandbox.identity_manager.interface import ChaosRule
from sandbox.identity_manager.server.problems import Problem

KINDS = ("401", "403", "404", "429", "500", "502", "503", "504", "html", "hang", "truncated", "slow")

_PROXY_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>nginx</body></html>"
_LOGIN_PAGE = "<!DOCTYPE html><html><body><form action='/Account/Login'><h1>Sign in</h1></form></body></html>"
_GATEWAY = {"502": "502 Bad Gateway", "503": "503 Service Temporarily Unavailable", "504": "504 Gateway Time-out"}


@dataclass(slots=True)
class _Armed:
    rule: ChaosRule
    left: int


@dataclass(slots=True)
class Chaos:
    """Armed rules, oldest first; a rule with count 0 stays until it is removed."""

    armed: list[_Armed] = field(default_factory=list)

    def add(self, rule: ChaosRule) -> None:
        if rule.kind not in KINDS:
            raise Problem(400, f"chaos kinds are {', '.join(KINDS)}")
        self.armed.append(_Armed(rule, rule.count))

    def clear(self) -> None:
        self.armed.clear()

    def take(self, method: str, path: str) -> ChaosRule | None:
        """The rule that hits this request; it is used up when its count is reached."""
        for armed in self.armed:
            if fnmatchcase(path, armed.rule.path) and armed.rule.method in ("*", method):
                if armed.left > 0:
                    armed.left -= 1
                    if armed.left == 0:
                        self.armed.remove(armed)
                return armed.rule
        return None


async def strike(rule: ChaosRule, request: web.Request) -> web.StreamResponse | None:
    """The faulty answer; None lets the request go on (after ``slow``)."""
    match rule.kind:
        case "slow":
            await asyncio.sleep(rule.seconds)
            return None
        case "hang":
            await asyncio.sleep(rule.seconds if rule.seconds > 1 else 3600)
            return None
        case "html":
            return web.Response(text=_LOGIN_PAGE, content_type="text/html")
        case "truncated":
            return await _truncated(request)
        case "401":
            return unauthorised()
        case "429":
            return Problem(429, "Too many requests.", headers={"Retry-After": str(int(rule.seconds))}).response()
        case "502" | "503" | "504":
            return web.Response(
                status=int(rule.kind), text=_PROXY_PAGE.format(_GATEWAY[rule.kind]), content_type="text/html"
            )
        case _:
            return Problem(int(rule.kind), "This was asked for by the chaos settings.").response()


def unauthorised() -> web.Response:
    return web.Response(status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


async def _truncated(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8", "Content-Length": "4096"})
    await response.prepare(request)
    await response.write(b'{"Result":[{"Id":"52001","State":3,"StartDa')
    if request.transport is not None:
        request.transport.close()
    return response
