"""Who somebody is and what they may do, from Slack's user groups and the settings. Fails closed.

One `usergroups.list(include_users=true)` is shared by concurrent checks and kept for a minute; before an action it is
read again. Foreign teams, guests, deactivated people and bots get no role (slack-platform 8.2).
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.access import cumulative
from bot.errors import SlackProblem
from bot.model.actor import Actor, Role

KEPT_SECONDS = 60.0
MOST_USERS_KEPT = 10_000
FRESH_SECONDS = 1.0
"""Age up to which a reading still counts as fresh: people who press at once share it."""


class Roles:
    """Turns a Slack user into an Actor. `grants` maps each role to group handles, user ids or "*"."""

    def __init__(
        self,
        client: AsyncWebClient,
        grants: Mapping[Role, Sequence[str]],
        *,
        team_id: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._grants = grants
        self._team_id = team_id
        self._monotonic = monotonic
        self._groups: dict[str, frozenset[str]] = {}
        self._groups_read = -KEPT_SECONDS
        self._groups_lock = asyncio.Lock()
        self._users: dict[str, tuple[float, Mapping[str, Any]]] = {}

    async def actor(self, team_id: str, user_id: str, *, fresh: bool = False) -> Actor:
        """The person with all roles that they hold now.

        `fresh` reads Slack again, as an action demands. Raises SlackProblem when Slack cannot be asked: nobody is let
        through on an old or missing answer.
        """
        if team_id != self._team_id:
            return Actor(team_id=team_id, user_id=user_id)
        within = FRESH_SECONDS if fresh else KEPT_SECONDS
        try:
            user, groups = await asyncio.gather(self._user(user_id, within), self._members(within))
        except (SlackClientError, OSError, TimeoutError) as why:
            detail = why.response.get("error") if isinstance(why, SlackApiError) else type(why).__name__
            raise SlackProblem(
                "Your role could not be checked, since Slack did not answer. Nothing was done.",
                next_step="Try again in a minute.",
                error=str(detail),
            ) from why
        name = str(user.get("profile", {}).get("display_name") or user.get("real_name") or user.get("name") or user_id)
        if not _is_full_member(user, self._team_id):
            return Actor(team_id=team_id, user_id=user_id, name=name)
        granted = [role for role, whom in self._grants.items() if self._is_granted(user_id, whom, groups)]
        return Actor(team_id=team_id, user_id=user_id, roles=cumulative(granted), name=name)

    def whom_to_ask(self, role: Role) -> str:
        """The handles that hold the role, to be named without pinging anybody."""
        handles = [name for name in self._grants.get(role, ()) if name.startswith("@")]
        return " or ".join(handles) or f"whoever is {role.value} here"

    def members_of(self, role: Role) -> Sequence[str]:
        """Group handles and user ids of one role, as the settings name them."""
        return self._grants.get(role, ())

    @staticmethod
    def _is_granted(user_id: str, whom: Sequence[str], groups: Mapping[str, frozenset[str]]) -> bool:
        return any(
            name in {"*", user_id} or user_id in groups.get(name.removeprefix("@").casefold(), ()) for name in whom
        )

    async def _user(self, user_id: str, within: float) -> Mapping[str, Any]:
        kept = self._users.get(user_id)
        if kept and self._monotonic() - kept[0] < within:
            return kept[1]
        answer = await self._client.users_info(user=user_id)
        user: Mapping[str, Any] = answer["user"]
        if len(self._users) > MOST_USERS_KEPT:
            self._users.clear()
        self._users[user_id] = (self._monotonic(), user)
        return user

    async def _members(self, within: float) -> Mapping[str, frozenset[str]]:
        if not any(name.startswith("@") for whom in self._grants.values() for name in whom):
            return {}
        async with self._groups_lock:
            if self._monotonic() - self._groups_read >= within:
                answer = await self._client.usergroups_list(include_users=True)
                self._groups = {
                    str(group["handle"]).casefold(): frozenset(group.get("users", ()))
                    for group in answer["usergroups"]
                    if not group.get("date_delete")
                }
                self._groups_read = self._monotonic()
            return self._groups


def _is_full_member(user: Mapping[str, Any], team_id: str) -> bool:
    shut = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger", "is_workflow_bot")
    return (
        not any(user.get(flag) for flag in shut)
        and user.get("team_id", team_id) == team_id
        and user.get("id") != "USLACKBOT"
    )
