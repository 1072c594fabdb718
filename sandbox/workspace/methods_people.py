"""`auth.*`, `users.*`, `usergroups.*`, `bots.info`, `team.info`, `apps.connections.open`."""

from __future__ import annotations

from sandbox.workspace.calls import Call, Method, SlackError
from sandbox.workspace.config import Person
from sandbox.workspace.messages import bot_profile
from sandbox.workspace.state import Json, Membership


async def auth_test(call: Call) -> Json:
    config = call.hub.config
    return {
        "url": f"https://{config.team_domain}.slack.com/", "team": config.team_name, "user": config.app.name,
        "team_id": config.team_id, "user_id": config.app.bot_user, "bot_id": config.app.bot_id,
        "enterprise_id": None, "is_enterprise_install": False,
    }  # fmt: skip


async def connections_open(call: Call) -> Json:
    hub = call.hub
    if not hub.sockets.enabled:
        raise SlackError("socket_mode_not_enabled")
    ticket = hub.sockets.ticket()
    return {"url": f"{hub.url.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={hub.config.app.id}"}


def person_wire(call: Call, person: Person) -> Json:
    granted = call.hub.config.app.scopes
    profile = {"real_name": person.real_name, "display_name": person.name, "title": person.title, "status_text": "",
               "team": person.team}  # fmt: skip
    if "users:read.email" in granted and not person.bot:
        profile["email"] = person.email
    wire: Json = {
        "id": person.id, "team_id": person.team, "name": person.name, "deleted": person.deleted,
        "real_name": person.real_name, "tz": "Europe/Paris", "tz_label": "Central European Time", "tz_offset": 3600,
        "is_admin": False, "is_owner": False, "is_primary_owner": False, "is_restricted": person.guest,
        "is_ultra_restricted": False, "is_bot": person.bot, "is_app_user": False, "is_stranger": person.foreign,
        "updated": call.hub.state.started, "profile": profile,
    }  # fmt: skip
    return wire | ({"locale": "en-GB"} if call.flag("include_locale") else {})


def app_person(call: Call) -> Person:
    app = call.hub.config.app
    return Person(app.bot_user, app.name, app.name, bot=True)


async def user_info(call: Call) -> Json:
    user = call.text("user")
    person = app_person(call) if user == call.hub.config.app.bot_user else call.hub.state.people.get(user)
    if person is None:
        raise SlackError("user_not_found")
    return {"user": person_wire(call, person)}


async def user_list(call: Call) -> Json:
    everybody = [*call.hub.state.people.values(), app_person(call)]
    rows, cursor = call.page(everybody)
    return {"members": [person_wire(call, p) for p in rows], "cache_ts": int(call.hub.clock.now()),
            "response_metadata": {"next_cursor": cursor}}  # fmt: skip


async def lookup_by_email(call: Call) -> Json:
    email = call.text("email").lower()
    for person in call.hub.state.people.values():
        if person.email == email and not person.deleted and not person.bot:
            return {"user": person_wire(call, person)}
    raise SlackError("users_not_found")


def group_wire(call: Call, group: Membership) -> Json:
    owner = call.hub.config.people[0].id
    wire: Json = {
        "id": group.group.id, "team_id": call.hub.config.team_id, "is_usergroup": True, "is_subteam": True,
        "name": group.group.name, "handle": group.group.handle, "description": "", "is_external": False,
        "date_create": call.hub.state.started, "date_update": group.updated, "date_delete": 0, "auto_type": None,
        "created_by": owner, "updated_by": owner, "deleted_by": None, "prefs": {"channels": [], "groups": []},
        "user_count": len(group.members),
    }  # fmt: skip
    return wire | ({"users": sorted(group.members)} if call.flag("include_users") else {})


async def group_list(call: Call) -> Json:
    return {"usergroups": [group_wire(call, group) for group in call.hub.state.groups.values()]}


async def group_users(call: Call) -> Json:
    group = call.hub.state.groups.get(call.text("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": sorted(group.members)}


async def bot_info(call: Call) -> Json:
    bot, app = call.maybe("bot"), call.hub.config.app
    if bot in ("", app.bot_id):
        return {"bot": bot_profile(call.hub) | {"user_id": app.bot_user}}
    for person in call.hub.state.people.values():
        if person.bot and person.bot_id == bot:
            return {"bot": {"id": bot, "deleted": person.deleted, "name": person.name, "user_id": person.id,
                            "app_id": "A" + person.id[1:], "icons": {}}}  # fmt: skip
    raise SlackError("bot_not_found")


async def team_info(call: Call) -> Json:
    config = call.hub.config
    return {"team": {"id": config.team_id, "name": config.team_name, "domain": config.team_domain, "email_domain": "",
                     "icon": {}, "url": f"https://{config.team_domain}.slack.com/"}}  # fmt: skip


METHODS = (
    Method("auth.test", auth_test, tier=5),
    Method("apps.connections.open", connections_open, caller="app"),
    Method("users.info", user_info, "users:read", 4),
    Method("users.list", user_list, "users:read", 2),
    Method("users.lookupByEmail", lookup_by_email, "users:read.email"),
    Method("usergroups.list", group_list, "usergroups:read", 2),
    Method("usergroups.users.list", group_users, "usergroups:read", 2),
    Method("bots.info", bot_info, "users:read"),
    Method("team.info", team_info, "team:read"),
)
