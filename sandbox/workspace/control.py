"""`/control/…`: what a test disturbs, moves or looks up behind the scenes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from typing import Any

from aiohttp import web

from sandbox.workspace import methods_people
from sandbox.workspace.calls import Call
from sandbox.workspace.faults import Fault
from sandbox.workspace.hub import Hub
from sandbox.workspace.state import Json

Handler = Callable[[Hub, Json], Awaitable[Json]]


class ControlError(Exception):
    """The request names something that does not exist."""


async def calls(hub: Hub, query: Json) -> Json:
    """Web API calls received so far; `method` narrows, `since` skips the first n."""
    found = [
        call for call in hub.calls[int(query.get("since") or 0) :] if query.get("method") in (None, call["method"])
    ]
    return {"calls": found, "total": len(hub.calls)}


async def deliveries(hub: Hub, _query: Json) -> Json:
    return {"deliveries": hub.delivery.log, "connections": len(hub.sockets.connections)}


async def warnings(hub: Hub, _query: Json) -> Json:
    return {"warnings": hub.state.warnings}


async def fault(hub: Hub, body: Json) -> Json:
    """Add a fault for the next calls of a method; `{"clear": true}` removes all."""
    if body.get("clear"):
        hub.faults.waiting.clear()
        return {}
    known = {item.name for item in fields(Fault)}
    if "method" not in body or not set(body) <= known:
        raise ControlError(f"a fault has {', '.join(sorted(known))}; method is required")
    hub.faults.waiting.append(Fault(**body))
    return {}


async def sockets(hub: Hub, body: Json) -> Json:
    """`drop` cuts without a word; `disconnect` says goodbye with `reason`; `enable` after `link_disabled`."""
    match body.get("do"):
        case "drop":
            return {"connections": hub.sockets.drop()}
        case "disconnect":
            return {"connections": await hub.sockets.disconnect(str(body.get("reason") or "refresh_requested"))}
        case "enable":
            hub.sockets.enabled = True
            return {}
    raise ControlError("do is one of drop, disconnect, enable")


async def delivery(hub: Hub, body: Json) -> Json:
    """`delay` seconds before each, the next `duplicates` twice, `hold` everything back until false."""
    if not set(body) <= {"delay", "duplicates", "hold"}:
        raise ControlError("known are delay, duplicates, hold")
    hub.delivery.disturbance.delay = float(body.get("delay", hub.delivery.disturbance.delay))
    hub.delivery.disturbance.duplicates = int(body.get("duplicates", hub.delivery.disturbance.duplicates))
    hub.delivery.hold(on=bool(body.get("hold", hub.delivery.disturbance.hold)))
    return {}


async def request_url(hub: Hub, body: Json) -> Json:
    """Save the app's request `url` (HTTP mode), as on its settings page: it must answer the challenge."""
    before, hub.http.url = hub.http.url, str(body["url"])
    if await hub.http.verify():
        return {"url": hub.http.url}
    hub.http.url = before
    raise ControlError(f"{body['url']} did not answer the challenge")


async def limits(hub: Hub, body: Json) -> Json:
    hub.limits.enabled = bool(body.get("enabled"))
    return {}


async def clock(hub: Hub, body: Json) -> Json:
    """Skip `advance` seconds: retries, triggers and response URLs see them pass."""
    hub.clock.advance(float(body.get("advance") or 0))
    return {"now": hub.clock.now()}


async def tokens(hub: Hub, body: Json) -> Json:
    """Revoke the `bot` or `app` token, as an administrator does."""
    token = {"bot": hub.secrets.bot_token, "app": hub.secrets.app_token}.get(str(body.get("revoke")))
    if token is None:
        raise ControlError("revoke is bot or app")
    hub.secrets.revoked.add(token)
    if body["revoke"] == "bot":
        bots = [hub.config.app.bot_user]
        hub.delivery.event("tokens_revoked", {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": bots}})
    return {}


async def usergroup(hub: Hub, body: Json) -> Json:
    """Change who is in the group `handle`: `add` and `remove` are lists of people."""
    group = next((g for g in hub.state.groups.values() if g.group.handle == str(body.get("handle")).lstrip("@")), None)
    if group is None:
        raise ControlError(f"no user group {body.get('handle')!r}")
    before, earlier = set(group.members), group.updated
    group.members |= {_person(hub, name) for name in body.get("add") or ()}
    group.members -= {_person(hub, name) for name in body.get("remove") or ()}
    group.updated = int(hub.clock.now())
    hub.state.people_revision = hub.state.touch()
    added, removed = sorted(group.members - before), sorted(before - group.members)
    hub.delivery.event("subteam_members_changed", {
        "type": "subteam_members_changed", "subteam_id": group.group.id, "team_id": hub.config.team_id,
        "date_previous_update": earlier, "date_update": group.updated, "added_users": added,
        "added_users_count": len(added), "removed_users": removed, "removed_users_count": len(removed),
        "event_ts": hub.clock.stamp(),
    })  # fmt: skip
    return {"members": sorted(group.members)}


async def user(hub: Hub, body: Json) -> Json:
    """Make a person deactivated (`deleted`) or a guest (`guest`), or undo it."""
    found = _person(hub, str(body.get("user")))
    person = hub.state.people[found]
    hub.state.people[found] = replace(
        person, deleted=bool(body.get("deleted", person.deleted)), guest=bool(body.get("guest", person.guest))
    )
    hub.state.people_revision = hub.state.touch()
    wire = methods_people.person_wire(Call(hub, {}), hub.state.people[found])
    hub.delivery.event("user_change", {"type": "user_change", "user": wire, "event_ts": hub.clock.stamp()})
    return {"user": wire}


async def channel(hub: Hub, body: Json) -> Json:
    """Change `archived`, `shared`, `private` or `with_app` of a channel."""
    room = hub.state.room(str(body.get("channel")))
    if room is None:
        raise ControlError(f"no channel {body.get('channel')!r}")
    for key in ("archived", "shared", "private", "with_app"):
        if key in body:
            setattr(room, key, bool(body[key]))
    hub.state.people_revision = hub.state.touch()
    return {"channel": room.id}


READS: dict[str, Handler] = {"calls": calls, "deliveries": deliveries, "warnings": warnings}
WRITES: dict[str, Handler] = {
    "faults": fault,
    "sockets": sockets,
    "delivery": delivery,
    "request_url": request_url,
    "limits": limits,
    "clock": clock,
    "tokens": tokens,
    "usergroup": usergroup,
    "user": user,
    "channel": channel,
}


def _person(hub: Hub, name: str) -> str:
    person = hub.state.person(name)
    if person is None:
        raise ControlError(f"nobody is called {name!r}")
    return person.id


def routes(hub: Hub) -> list[web.RouteDef]:
    async def serve(request: web.Request) -> web.StreamResponse:
        table = READS if request.method == "GET" else WRITES
        handler = table.get(request.match_info["what"])
        if handler is None:
            raise web.HTTPNotFound(text=f"known are {', '.join(table)}")
        try:
            body: Any = dict(request.query) if request.method == "GET" else await request.json()
            return web.json_response({"ok": True, **await handler(hub, body)})
        except (ControlError, KeyError, ValueError, TypeError, AttributeError) as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)

    return [web.get("/control/{what}", serve), web.post("/control/{what}", serve)]
