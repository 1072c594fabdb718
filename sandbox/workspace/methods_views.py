"""`views.*`: the modal stack and App Home."""

from __future__ import annotations

import secrets

from sandbox.workspace.blockkit import check_view, view_bytes
from sandbox.workspace.calls import Call, Method, SlackError
from sandbox.workspace.elements import all_values, fill_ids
from sandbox.workspace.hub import Hub
from sandbox.workspace.state import Json, View, random_id
from sandbox.workspace.tickets import TicketError

MAX_STACK = 3
MAX_BYTES = 250_000
_EMPTY: Json = {
    "private_metadata": "", "callback_id": "", "external_id": "", "clear_on_close": False, "notify_on_close": False,
    "submit_disabled": False, "title": None, "submit": None, "close": None,
}  # fmt: skip


def view_wire(hub: Hub, view: View) -> Json:
    wire = {**_EMPTY, **view.content}
    return wire | {
        "id": view.id, "team_id": hub.config.team_id, "hash": view.hash,
        "state": {"values": all_values(view.content["blocks"], view.values)}, "root_view_id": view.root or view.id,
        "previous_view_id": view.previous or None, "app_id": hub.config.app.id,
        "app_installed_team_id": hub.config.team_id, "bot_id": hub.config.app.bot_id,
    }  # fmt: skip


def checked(hub: Hub, content: object, kind: str, replacing: View | None = None) -> Json:
    """The view with ids filled in. Raises SlackError."""
    if not isinstance(content, dict):
        raise SlackError("invalid_arguments", "must provide an object [json-pointer:/view]")
    problems = check_view(content)
    if not problems and content["type"] != kind:
        problems = ["must be a valid enum value [json-pointer:/view/type]"]
    if problems:
        raise SlackError("invalid_arguments", "failed to match all allowed schemas [json-pointer:/view]", *problems)
    if view_bytes(content) > MAX_BYTES:
        raise SlackError("view_too_large")
    other = hub.state.find_view(external_id=str(content.get("external_id") or ""))
    if other is not None and other is not replacing:
        raise SlackError("duplicate_external_id")
    return content | {"blocks": fill_ids(content["blocks"])}


def new_hash(hub: Hub) -> str:
    return f"{int(hub.clock.now())}.{secrets.token_urlsafe(6)}"


def put_on_top(hub: Hub, user: str, content: Json) -> View:
    """Raises SlackError `push_limit_reached`."""
    stack = hub.state.stacks.setdefault(user, [])
    if len(stack) >= MAX_STACK:
        raise SlackError("push_limit_reached")
    view = View(random_id("V"), user, content, new_hash(hub))
    view.root, view.previous = (stack[0].id, stack[-1].id) if stack else (view.id, "")
    stack.append(view)
    hub.state.view_changed(user)
    return view


def replace(hub: Hub, view: View, content: Json) -> None:
    """What was filled in stays where block and action id stay."""
    view.values = all_values(content["blocks"], view.values)
    view.content, view.hash, view.errors, view.failed = content, new_hash(hub), {}, ""
    hub.state.view_changed(view.user)


def _trigger_user(call: Call) -> str:
    try:
        return call.hub.triggers.use(call.text("trigger_id"))
    except TicketError as error:
        if error.code == "malformed":
            raise SlackError("invalid_arguments", "invalid `trigger_id` [json-pointer:/trigger_id]") from None
        raise SlackError(error.code) from None


async def open_view(call: Call) -> Json:
    content = checked(call.hub, call.parsed("view", "invalid_arguments"), "modal")
    user = _trigger_user(call)
    call.hub.state.stacks[user] = []
    return {"view": view_wire(call.hub, put_on_top(call.hub, user, content))}


async def push_view(call: Call) -> Json:
    content = checked(call.hub, call.parsed("view", "invalid_arguments"), "modal")
    user = _trigger_user(call)
    if not call.hub.state.stacks.get(user):
        raise SlackError("not_found")
    return {"view": view_wire(call.hub, put_on_top(call.hub, user, content))}


async def update_view(call: Call) -> Json:
    view_id, external_id = call.maybe("view_id"), call.maybe("external_id")
    if not view_id and not external_id:
        raise SlackError("invalid_arguments", "missing required field: view_id")
    view = call.hub.state.find_view(view_id, external_id)
    content = checked(
        call.hub, call.parsed("view", "invalid_arguments"), str(view.content["type"]) if view else "modal", view
    )
    if view is None:
        raise SlackError("not_found")
    if call.maybe("hash") and call.maybe("hash") != view.hash:
        raise SlackError("hash_conflict")
    replace(call.hub, view, content)
    return {"view": view_wire(call.hub, view)}


async def publish(call: Call) -> Json:
    hub, user = call.hub, call.text("user_id")
    if not hub.config.app.home_tab:
        raise SlackError("not_enabled")
    if user not in hub.state.people:
        raise SlackError("invalid_arguments", "user not found [json-pointer:/user_id]")
    home = hub.state.homes.get(user)
    content = checked(hub, call.parsed("view", "invalid_arguments"), "home", home)
    if home is None:
        home = hub.state.homes[user] = View(random_id("V"), user, content, new_hash(hub))
        hub.state.view_changed(user)
    elif call.maybe("hash") and call.maybe("hash") != home.hash:
        raise SlackError("hash_conflict")
    else:
        replace(hub, home, content)
    return {"view": view_wire(hub, home)}


METHODS = (
    Method("views.open", open_view, tier=4),
    Method("views.push", push_view, tier=4),
    Method("views.update", update_view, tier=4),
    Method("views.publish", publish, tier=4),
)
