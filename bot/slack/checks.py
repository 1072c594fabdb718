"""What `nimdesk doctor` asks of Slack: the token, its scopes, who may do what, the default channel."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.model.actor import Role
from bot.settings import Settings
from bot.slack.rooms import Rooms
from bot.slack.wire import FAILURES, code_of

KINDS = "public_channel,private_channel"
CHARTS = "files:write"
"""The one scope without which everything is still said."""


@dataclass(frozen=True, slots=True)
class Told:
    subject: str
    said: str
    bad: bool = False
    warning: bool = False


async def slack_checks(settings: Settings, http: aiohttp.ClientSession, scopes: Sequence[str]) -> AsyncIterator[Told]:
    """One line per check; after a refused token nothing else can be asked."""
    slack = settings.slack
    if slack is None:
        return
    client = AsyncWebClient(
        token=slack.bot_token.get_secret_value(),
        base_url=f"{slack.api_url}/",
        session=http,
        timeout=10,
        proxy=settings.network.proxy or None,
        retry_handlers=[],
    )
    try:
        who = await client.auth_test()
    except FAILURES as why:
        yield Told("token", f"Slack does not take it ({code_of(why)})", bad=True)
        return
    yield Told("token", f"is {who.get('user', 'the bot')} in {who.get('team', 'the workspace')}")
    granted = {one.strip() for one in str(who.headers.get("x-oauth-scopes", "")).split(",") if one.strip()}
    lacking = [one for one in scopes if granted and one not in granted]
    if lacking == [CHARTS]:
        yield Told("scopes", f"without {CHARTS} findings come with tables instead of charts", warning=True)
    elif lacking:
        yield Told("scopes", f"missing: {', '.join(lacking)}; install the app again with the manifest", bad=True)
    else:
        yield Told("scopes", "all that the manifest asks for" if granted else "Slack does not say which it granted")
    async for one in _groups(client, settings):
        yield one
    yield await _channel(client, slack.default_channel)


async def _groups(client: AsyncWebClient, settings: Settings) -> AsyncIterator[Told]:
    roles = settings.access.grants
    wanted = {name for whom in roles.values() for name in whom if name.startswith("@")}
    handles: set[str] = set()
    if wanted:
        try:
            answer = await client.usergroups_list(include_users=True)
            handles = {f"@{group['handle']}" for group in answer["usergroups"]}
        except FAILURES as why:
            yield Told("user groups", f"cannot be read ({code_of(why)}): nobody would have a role by a group", bad=True)
            return
    for role, whom in roles.items():
        unknown = [name for name in whom if name.startswith("@") and name not in handles]
        if unknown:
            yield Told(f"role {role.value}", f"no such user group: {', '.join(unknown)}", bad=True)
        elif not whom:
            yield Told(f"role {role.value}", "nobody holds it", warning=role is not Role.AUDITOR)
        else:
            yield Told(f"role {role.value}", ", ".join(whom))


async def _channel(client: AsyncWebClient, name: str) -> Told:
    """The default channel by its name: does it exist, is the bot in it, does another company share it?"""
    try:
        cursor = ""
        while True:
            page = await client.conversations_list(types=KINDS, limit=200, cursor=cursor or None)
            for channel in page["channels"]:
                if name in {channel["id"], f"#{channel['name']}"}:
                    why = await Rooms(client).why_not(channel["id"])
                    return Told("default channel", why or f"{name}: I am in it", bad=bool(why))
            cursor = str((page.get("response_metadata") or {}).get("next_cursor", ""))
            if not cursor:
                return Told("default channel", f"{name} is not visible to me: invite me there", bad=True)
    except FAILURES as why:
        return Told("default channel", f"cannot be looked up ({code_of(why)})", bad=True)
