"""`/person/…`: acting as one of the people, for tests and for the page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.workspace import interactions, screen
from sandbox.workspace.hub import Hub
from sandbox.workspace.state import Json
from sandbox.workspace.surfaces import PersonError, visible_room

Verb = Callable[[Hub, str, Json], Awaitable[Json]]
VERBS: dict[str, Verb] = {
    "say": interactions.say,
    "command": interactions.command,
    "press": interactions.press,
    "select": interactions.select,
    "options": interactions.options,
    "submit": interactions.submit,
    "close": interactions.close,
    "react": interactions.react,
    "home": interactions.home,
    "shortcut": interactions.shortcut,
    "dismiss": interactions.dismiss,
    "invite": interactions.invite,
}
KEEPALIVE_SECONDS = 15.0


def routes(hub: Hub) -> list[web.RouteDef]:
    api = _PersonApi(hub)
    return [
        web.get("/person/{user}/view", api.view),
        web.get("/person/{user}/workspace", api.workspace),
        web.get("/person/{user}/events", api.events),
        web.post("/person/{user}/{verb}", api.act),
    ]


class _PersonApi:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def _user(self, request: web.Request) -> str:
        name = request.match_info["user"]
        person = self._hub.state.person(name)
        if person is None:
            known = ", ".join(p.name for p in self._hub.state.people.values())
            raise PersonError("user_not_found", f"nobody is called {name!r}; there are {known}")
        if person.deleted:
            raise PersonError("account_inactive", f"{person.name} is deactivated")
        return person.id

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Every answer carries `since`: the revision before, so that `view?since=` shows what came of it."""
        since = self._hub.state.revision
        try:
            verb = _verb(request.match_info["verb"])
            answer = await verb(self._hub, self._user(request), await _body(request))
        except PersonError as error:
            return _refused(error)
        return web.json_response({**answer, "since": since})

    async def view(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        try:
            user = self._user(request)
            channel = visible_room(self._hub, user, query["channel"]).id if query.get("channel") else ""
            since, wait = int(query.get("since") or 0), float(query.get("wait") or 0)
        except PersonError as error:
            return _refused(error)
        except ValueError:
            return _refused(PersonError("bad_query", "`since` is a revision number, `wait` a number of seconds"))
        wanted = {name for name in query.get("for", "").split(",") if name}
        shown = await screen.wait_for_screen(
            self._hub, user, since, wait=wait, wanted=wanted, channel=channel,
            thread=query.get("thread_ts", ""), contains=query.get("contains", ""),
        )  # fmt: skip
        return web.json_response(shown)

    async def workspace(self, request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(screen.surroundings(self._hub, self._user(request)))
        except PersonError as error:
            return _refused(error)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events, each a `view` of what changed since the one before."""
        try:
            user = self._user(request)
        except PersonError as error:
            return _refused(error)
        since = int(request.headers.get("Last-Event-ID") or request.query.get("since") or 0)
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await stream.prepare(request)
        state = self._hub.state
        try:
            while request.transport is not None and not request.transport.is_closing():
                if await state.wait_beyond(since, KEEPALIVE_SECONDS):
                    shown = screen.snapshot(self._hub, user, since)
                    since = shown["revision"]
                    await stream.write(f"id: {since}\ndata: {json.dumps(shown)}\n\n".encode())
                else:
                    await stream.write(b": still here\n\n")
        except (ConnectionError, asyncio.CancelledError):
            pass
        return stream


def _verb(name: str) -> Verb:
    if name not in VERBS:
        raise PersonError("unknown_verb", f"verbs are {', '.join(VERBS)}")
    return VERBS[name]


async def _body(request: web.Request) -> Json:
    try:
        body = await request.json() if request.can_read_body else {}
    except ValueError:
        raise PersonError("bad_json", "the body is not JSON") from None
    if not isinstance(body, dict):
        raise PersonError("bad_json", "the body is not a JSON object")
    return body


def _refused(error: PersonError) -> web.Response:
    status = 404 if error.code.endswith("_found") or error.code in {"no_view", "no_such_element"} else 400
    return web.json_response({"ok": False, "error": error.code, "message": str(error)}, status=status)
