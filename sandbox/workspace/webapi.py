"""The door of the Web API: arguments in any of Slack's encodings, tokens, scopes, rate limits, faults, the record."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.workspace import methods_chat, methods_files, methods_people, methods_rooms, methods_views
from sandbox.workspace.calls import Call, Method, RateLimited, SlackError
from sandbox.workspace.faults import Fault
from sandbox.workspace.hub import Hub
from sandbox.workspace.state import Json

METHODS: dict[str, Method] = {
    method.name: method
    for module in (methods_chat, methods_rooms, methods_people, methods_views, methods_files)
    for method in module.METHODS
}


class WebApi:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Any verb; always 200 with `ok`, except 429 and what a fault asks for."""
        name = request.match_info["method"]
        entry: Json = {"method": name, "at": self._hub.clock.now(), "args": {}}
        self._hub.calls.append(entry)
        fault = self._hub.faults.take(name)
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.cut:
                return self._cut(request, entry, "cut before the work")
            if fault.answers:
                return self._faulty(fault, entry)
        headers: dict[str, str] = {}
        status = HTTPStatus.OK
        try:
            entry["args"] = args = await self._arguments(request)
            body = await self._work(name, request, args)
        except SlackError as error:
            body = error.body()
        except RateLimited as limit:
            body, status = {"ok": False, "error": "ratelimited"}, HTTPStatus.TOO_MANY_REQUESTS
            headers["Retry-After"] = str(limit.seconds)
        entry |= {"ok": body["ok"], "error": body.get("error"), "status": int(status), "answer": body}
        if fault is not None and fault.lose_answer:
            return self._cut(request, entry, "answer lost after the work")
        headers["x-oauth-scopes"] = ",".join(sorted(self._hub.config.app.scopes))
        return web.json_response(body, status=status, headers=headers)

    async def _work(self, name: str, request: web.Request, args: Json) -> Json:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        self._authorise(method, request, args)
        if wait := self._hub.limits.wait_for_method(name, method.tier):
            raise RateLimited(wait)
        if method.posts:
            room = self._hub.state.room(str(args.get("channel")))
            if wait := self._hub.limits.wait_for_channel(room.id if room else "unknown"):
                raise RateLimited(wait)
        return {"ok": True, **await method.handler(Call(self._hub, args))}

    def _authorise(self, method: Method, request: web.Request, args: Json) -> None:
        header = request.headers.get("Authorization", "")
        token = header.removeprefix("Bearer ").strip() if header else ""
        from_body = args.pop("token", "")
        if not token and method.caller == "bot" and "token" not in request.query:
            token = str(from_body)
        known = self._hub.secrets
        if not token:
            raise SlackError("not_authed")
        if token in known.revoked:
            raise SlackError("token_revoked")
        if token not in (known.bot_token, known.app_token):
            raise SlackError("invalid_auth")
        if token != (known.bot_token if method.caller == "bot" else known.app_token):
            raise SlackError("not_allowed_token_type")
        granted = self._hub.config.app.scopes
        if method.scope and method.caller == "bot" and method.scope not in granted:
            raise SlackError("missing_scope", needed=method.scope, provided=",".join(sorted(granted)))

    async def _arguments(self, request: web.Request) -> Json:
        args: Json = dict(request.query)
        if request.content_type == "application/json":
            raw = await request.text()
            try:
                data: Any = json.loads(raw) if raw else {}
            except ValueError:
                raise SlackError("invalid_json") from None
            if not isinstance(data, dict):
                raise SlackError("json_not_object")
            return args | data
        if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            form = await request.post()
            return args | {key: value for key, value in form.items() if isinstance(value, str)}
        return args

    def _faulty(self, fault: Fault, entry: Json) -> web.StreamResponse:
        error = fault.error or ("ratelimited" if fault.status == HTTPStatus.TOO_MANY_REQUESTS else "internal_error")
        entry |= {"ok": False, "error": error, "status": fault.status, "fault": True}
        return web.json_response({"ok": False, "error": error}, status=fault.status, headers=fault.headers)

    @staticmethod
    def _cut(request: web.Request, entry: Json, why: str) -> web.StreamResponse:
        entry |= {"status": 0, "fault": True, "error": why}
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
