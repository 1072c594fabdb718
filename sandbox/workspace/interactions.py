"""What a person does in a workspace, and what the app is told of it."""

from __future__ import annotations

import re
from typing import Any

from sandbox.workspace import messages, responses
from sandbox.workspace.calls import Call, SlackError
from sandbox.workspace.elements import ChoiceError, action, chosen, input_errors
from sandbox.workspace.hub import Hub
from sandbox.workspace.methods_chat import react as add_reaction
from sandbox.workspace.methods_chat import unreact
from sandbox.workspace.methods_views import checked, put_on_top, replace, view_wire
from sandbox.workspace.state import Json, View, dm_id
from sandbox.workspace.surfaces import (
    PersonError,
    Surface,
    channel_name,
    find_target,
    open_view,
    surface,
    visible_post,
    visible_room,
)
from sandbox.workspace.tickets import ResponseTicket
from sandbox.workspace.transport import Ack, Delivered

FAILURES = {
    Delivered.TIMEOUT: "operation_timeout",
    Delivered.NO_CONNECTION: "dispatch_failed",
    Delivered.REFUSED: "dispatch_failed",
}
MAX_OPTIONS = 100
TROUBLE = "We had some trouble connecting. Try again?"
_NAME = re.compile(r"(?<![\w@/.])([@#])([a-z0-9][a-z0-9._\-]*)", re.IGNORECASE)
_ID_MENTION = re.compile(r"&lt;@([UW][A-Z0-9]+)(?:\|[^&]*)?&gt;")


def _base(hub: Hub, user: str, kind: str) -> Json:
    person, config = hub.state.people[user], hub.config
    return {
        "type": kind, "team": {"id": config.team_id, "domain": config.team_domain}, "enterprise": None,
        "is_enterprise_install": False, "api_app_id": config.app.id, "token": "local-verification-token",
        "user": {"id": user, "username": person.name, "name": person.name, "team_id": person.team},
    }  # fmt: skip


def typed(hub: Hub, text: str, *, with_names: bool = False) -> str:
    """What was typed, as Slack passes it on: escaped, with `@name` and `#channel` turned into ids."""

    def link(found: re.Match[str]) -> str:
        if found[1] == "#":
            room = hub.state.room(found[2])
            return f"<#{room.id}|{room.name}>" if room else found[0]
        if found[2].lower() == hub.config.app.name.lower():
            user = hub.config.app.bot_user
        elif person := hub.state.person(found[2].lower()):
            user = person.id
        else:
            group = next((g.group for g in hub.state.groups.values() if g.group.handle == found[2].lower()), None)
            return f"<!subteam^{group.id}|@{group.handle}>" if group else found[0]
        return f"<@{user}|{hub.state.handle(user)}>" if with_names else f"<@{user}>"

    return _NAME.sub(link, _ID_MENTION.sub(r"<@\1>", messages.escape(text)))


async def say(hub: Hub, user: str, body: Json) -> Json:
    room, text = visible_room(hub, user, body.get("channel")), str(body.get("text") or "").strip()
    if user not in room.members:
        raise PersonError("not_in_channel", f"{hub.state.handle(user)} has not joined {room.name}")
    if not text:
        raise PersonError("no_text", "a message needs words")
    thread = str(body.get("thread_ts") or "")
    if thread:
        thread = visible_post(hub, user, room.id, thread).thread or thread
    wire = messages.person_wire(hub, user, typed(hub, text), thread)
    messages.post(hub, room, wire, broadcast=bool(body.get("broadcast")))
    return {"ok": True, "channel": room.id, "ts": wire["ts"]}


async def command(hub: Hub, user: str, body: Json) -> Json:
    room = visible_room(hub, user, body.get("channel"))
    words = f"{body.get('command') or ''} {body.get('text') or ''}".strip()
    name, _, rest = words.partition(" ")
    declared = next((c for c in hub.config.app.commands if c.command == name), None)
    if declared is None or "commands" not in hub.config.app.scopes:
        return _failed(hub, user, "unknown_command", f"{name} is not a valid command.")
    if body.get("thread_ts"):
        return _failed(hub, user, "not_in_threads", f"{name} is not supported in threads. Sorry!")
    text = typed(hub, rest.strip(), with_names=True) if declared.should_escape else messages.escape(rest.strip())
    person, ticket = hub.state.people[user], ResponseTicket("commands", user, room.id)
    ack = await hub.delivery.command({
        "token": "local-verification-token", "team_id": hub.config.team_id, "team_domain": hub.config.team_domain,
        "channel_id": room.id, "channel_name": channel_name(room), "user_id": user, "user_name": person.name,
        "command": name, "text": text, "api_app_id": hub.config.app.id, "is_enterprise_install": "false",
        "response_url": hub.responses.new(ticket), "trigger_id": hub.triggers.new(user),
    })  # fmt: skip
    if not ack.ok:
        return _failed(hub, user, FAILURES[ack.outcome], f'{name} failed with the error "{FAILURES[ack.outcome]}"')
    if ack.payload:
        try:
            responses.apply(hub, ticket, ack.payload)
        except SlackError as error:
            hub.state.warn("answer of a command rejected", error=error.code, problems=list(error.messages))
            return _failed(hub, user, "dispatch_failed", f'{name} failed with the error "dispatch_failed"')
    return {"ok": True}


def _failed(hub: Hub, user: str, code: str, text: str) -> Json:
    hub.state.notify(user, code, text)
    return {"ok": False, "error": code, "message": text}


async def press(hub: Hub, user: str, body: Json) -> Json:
    """A button, or an option of an overflow menu."""
    where = surface(hub, user, body)
    target = find_target(where, body, pressable=True)
    confirm = target.element.get("confirm")
    if confirm and not body.get("confirm"):
        said = {key: value["text"] for key, value in confirm.items() if isinstance(value, dict)}
        return {"ok": False, "error": "confirm_needed", "message": said["text"], "confirm": said}
    entry = action(target.block, target.element, None, hub.clock.stamp(), target.option)
    answer = _pressed(hub, user, await _act(where, entry))
    url = target.element.get("url") or (target.option or {}).get("url")
    return answer | ({"url": url} if url else {})


async def select(hub: Hub, user: str, body: Json) -> Json:
    """Fill in an element; outside of input blocks (or with `dispatch_action`) the app is told at once."""
    where = surface(hub, user, body)
    target = find_target(where, {**body, "value": None}, pressable=False)
    choice = body["values"] if "values" in body else body.get("value")
    state = await _choose(where, target.block, target.element, choice, body.get("query"))
    where.given.setdefault(target.block["block_id"], {})[target.element["action_id"]] = state
    where.changed()
    if target.block["type"] == "input" and not target.block.get("dispatch_action"):
        return {"ok": True}
    return _pressed(hub, user, await _act(where, action(target.block, target.element, state, hub.clock.stamp())))


async def _act(where: Surface, entry: Json) -> Ack:
    hub, user = where.hub, where.user
    payload = _base(hub, user, "block_actions") | {"trigger_id": hub.triggers.new(user)}
    if not hub.config.app.interactivity:
        return Ack(Delivered.NO_CONNECTION)
    if url := where.response_url():
        payload["response_url"] = url
    return await hub.delivery.interactive(payload | where.payload() | {"actions": [entry]})


def _pressed(hub: Hub, user: str, ack: Ack) -> Json:
    if ack.ok:
        return {"ok": True}
    return _failed(hub, user, FAILURES[ack.outcome], "The app did not respond to this. Nothing may have happened.")


async def options(hub: Hub, user: str, body: Json) -> Json:
    """What an external menu offers for the words typed so far."""
    where = surface(hub, user, body)
    target = find_target(where, {**body, "value": None}, pressable=False)
    found = await _load_options(where, target.block, target.element, str(body.get("query") or ""))
    return {"ok": True, "options": found}


async def _load_options(where: Surface, block: Json, element: Json, query: str) -> list[Json]:
    payload = _base(where.hub, where.user, "block_suggestion") | where.payload()
    payload.pop("state", None)
    ids = {"action_id": element["action_id"], "block_id": block["block_id"], "value": query}
    ack = await where.hub.delivery.interactive(payload | ids)
    found: Any = ack.payload.get("options")
    for group in ack.payload.get("option_groups") or ():
        found = [*(found or ()), *group.get("options", ())]
    if not isinstance(found, list) or len(found) > MAX_OPTIONS:
        if ack.ok:
            where.hub.state.warn("options not understood", answer=ack.payload)
        return []
    return found


async def _choose(where: Surface, block: Json, element: Json, choice: Any, query: Any = None) -> Json:
    loaded = None
    if "external" in element["type"] and choice:
        words = query if query is not None else choice[0] if isinstance(choice, list) else choice
        loaded = await _load_options(where, block, element, str(words))
    try:
        return chosen(element, choice, loaded)
    except ChoiceError as error:
        raise PersonError("no_such_option", str(error)) from error


async def submit(hub: Hub, user: str, body: Json) -> Json:
    """Fill in `values` (by block id, action id or label), then press the modal's submit."""
    view = open_view(hub, user, str(body.get("view") or ""))
    where = Surface(hub, user, view.content["blocks"], view.values, view=view)
    for name, choice in (body.get("values") or {}).items():
        target = next((t for t in _named(where, name)), None)
        if target is None:
            raise PersonError("no_such_element", f"the modal has no field {name!r}")
        state = await _choose(where, target.block, target.element, choice)
        where.given.setdefault(target.block["block_id"], {})[target.element["action_id"]] = state
    wire = view_wire(hub, view)
    view.errors, view.failed = input_errors(view.content["blocks"], wire["state"]["values"]), ""
    hub.state.view_changed(user)
    if view.errors:
        return {"ok": False, "error": "invalid_input", "errors": view.errors}
    payload = _base(hub, user, "view_submission") | {
        "trigger_id": hub.triggers.new(user), "view": wire, "response_urls": _response_urls(where),
    }  # fmt: skip
    ack = await hub.delivery.interactive(payload)
    try:
        answer = _submitted(hub, view, ack) if ack.ok else {"ok": False, "error": FAILURES[ack.outcome]}
    except SlackError as error:
        hub.state.warn("answer of a submission rejected", error=error.code, problems=list(error.messages))
        answer = {"ok": False, "error": error.code, "problems": list(error.messages)}
    if not answer["ok"] and not view.errors:
        view.failed = TROUBLE
    hub.state.view_changed(user)
    return answer


def _named(where: Surface, name: str) -> list[Any]:
    found = []
    for key in ("block_id", "action_id", "label"):
        try:
            found.append(find_target(where, {key: name}, pressable=False))
        except PersonError:
            continue
    return found


def _response_urls(where: Surface) -> list[Json]:
    urls = []
    for block in where.blocks:
        element = block.get("element", {}) if block["type"] == "input" else {}
        state = where.given.get(block["block_id"], {}).get(element.get("action_id"), {})
        channel = state.get("selected_conversation") or state.get("selected_channel")
        if element.get("response_url_enabled") and channel:
            url = where.hub.responses.new(ResponseTicket("app", where.user, channel))
            ids = {"block_id": block["block_id"], "action_id": element["action_id"], "channel_id": channel}
            urls.append({"response_url": url, **ids})
    return urls


def _submitted(hub: Hub, view: View, ack: Ack) -> Json:
    """Carry out `response_action`. Raises SlackError for an answer that Slack would not accept."""
    stack, answer = hub.state.stacks.get(view.user, []), ack.payload
    kind = answer.get("response_action")
    if kind == "errors":
        errors = answer.get("errors")
        inputs = {block["block_id"] for block in view.content["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            raise SlackError("invalid_errors", f"keys must be input blocks, one of: {', '.join(sorted(inputs))}")
        view.errors = {key: str(value) for key, value in errors.items()}
        return {"ok": False, "error": "refused_by_app", "errors": view.errors}
    if kind == "update":
        replace(hub, view, checked(hub, answer.get("view"), "modal", view))
    elif kind == "push":
        put_on_top(hub, view.user, checked(hub, answer.get("view"), "modal"))
    elif kind == "clear" or (not answer and view.content.get("clear_on_close")):
        stack.clear()
    elif answer:
        raise SlackError("invalid_response_action", f"unknown answer: {sorted(answer)}")
    elif view in stack:
        stack.remove(view)
    return {"ok": True, "response_action": kind or "close"}


async def close(hub: Hub, user: str, body: Json) -> Json:
    """Close the open modal, or with `all` the whole stack."""
    view = open_view(hub, user, str(body.get("view") or ""))
    stack = hub.state.stacks.get(user, [])
    whole = bool(body.get("all")) or bool(view.content.get("clear_on_close"))
    leaving = list(reversed(stack)) if whole else [view]
    for gone in leaving:
        if gone in stack:
            stack.remove(gone)
        if gone.content.get("notify_on_close"):
            payload = _base(hub, user, "view_closed") | {"view": view_wire(hub, gone), "is_cleared": whole}
            hub.delivery.background(hub.delivery.interactive(payload))
    hub.state.view_changed(user)
    return {"ok": True}


async def home(hub: Hub, user: str, body: Json) -> Json:
    """Open the app's Home tab (or with `tab: messages` its messages)."""
    app = hub.config.app
    if not app.home_tab:
        raise PersonError("not_enabled", "the app has no Home tab")
    event: Json = {
        "type": "app_home_opened", "user": user, "channel": dm_id(user), "tab": str(body.get("tab") or "home"),
        "event_ts": hub.clock.stamp(),
    }  # fmt: skip
    if (view := hub.state.homes.get(user)) is not None:
        event["view"] = view_wire(hub, view)
    hub.delivery.event("app_home_opened", event)
    return {"ok": True, "home": view_wire(hub, view) if view else None}


async def shortcut(hub: Hub, user: str, body: Json) -> Json:
    """By `callback_id` or name; a message shortcut needs `channel` and `ts`."""
    name = body.get("callback_id") or body.get("name")
    declared = next((s for s in hub.config.app.shortcuts if name in (s.callback_id, s.name)), None)
    if declared is None:
        raise PersonError("no_such_shortcut", f"{name!r} is not declared")
    kind = "message_action" if declared.type == "message" else "shortcut"
    payload = _base(hub, user, kind) | {
        "callback_id": declared.callback_id, "trigger_id": hub.triggers.new(user), "action_ts": hub.clock.stamp(),
    }  # fmt: skip
    if kind == "message_action":
        post = visible_post(hub, user, body.get("channel"), body.get("ts"))
        room = hub.state.rooms[post.channel]
        url = hub.responses.new(ResponseTicket("app", user, room.id, thread_ts=post.thread))
        payload |= {"channel": {"id": room.id, "name": channel_name(room)}, "message_ts": post.ts,
                    "response_url": url, "message": dict(post.wire)}  # fmt: skip
    return _pressed(hub, user, await hub.delivery.interactive(payload))


async def react(hub: Hub, user: str, body: Json) -> Json:
    post, name = visible_post(hub, user, body.get("channel"), body.get("ts")), str(body.get("name") or "").strip(":")
    if post.only_for:
        raise PersonError("not_reactable", "nobody can react to an ephemeral message")
    try:
        if body.get("remove"):
            return {"ok": unreact(Call(hub, {}), post, name, user)}
        add_reaction(Call(hub, {}), post, name, user)
    except SlackError as error:
        raise PersonError(error.code, error.code) from error
    return {"ok": True}


async def dismiss(hub: Hub, user: str, body: Json) -> Json:
    """Put an ephemeral message away; the app is not told."""
    post = visible_post(hub, user, body.get("channel"), body.get("ts"))
    if not post.only_for:
        raise PersonError("not_ephemeral", "only ephemeral messages can be dismissed")
    messages.remove(hub, post)
    return {"ok": True}


async def invite(hub: Hub, user: str, body: Json) -> Json:
    """Add a person or the app (`@app`) to a channel; without `user`, join it oneself."""
    room, name = visible_room(hub, user, body.get("channel")), str(body.get("user") or user)
    is_app = name.removeprefix("@") in (hub.config.app.name, hub.config.app.bot_user)
    person = None if is_app else hub.state.person(name)
    if not is_app and person is None:
        raise PersonError("user_not_found", f"nobody is called {name!r}")
    invited = hub.config.app.bot_user if person is None else person.id
    messages.join(hub, room, invited, inviter="" if invited == user else user)
    return {"ok": True}
