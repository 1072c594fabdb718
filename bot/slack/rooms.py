"""What may be posted where: channels that the bot is in, and that no other company shares (safety rule 17)."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.finding_posts import channel_id
from bot.slack.wire import FAILURES, code_of

log: Final = structlog.get_logger(__name__)
KEPT_SECONDS: Final = 3.0
"""A channel that another company has just joined gets nothing more: only a burst of edits shares one look."""
MOST_KEPT: Final = 2_000
_SHARED: Final = ("is_ext_shared", "is_pending_ext_shared")


class Rooms:
    def __init__(self, client: AsyncWebClient, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Mapping[str, Any] | None]] = {}
        self._direct: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    async def why_not(self, channel: str) -> str:
        """Why nothing may be posted there, as a sentence; empty when it may. What cannot be read is refused."""
        if channel.startswith("D"):
            return ""
        info = await self._info(channel)
        if info is None:
            return "I cannot see this channel: invite me first."
        if any(info.get(flag) for flag in _SHARED):
            return "This channel is shared with another company: nothing about your environment is posted here."
        if info.get("is_archived"):
            return "This channel is archived."
        if not info.get("is_member") and not info.get("is_im"):
            return "I am not in this channel: invite me first."
        return ""

    async def is_shared(self, channel: str) -> bool:
        """Whether another company reads along. What Slack does not tell counts as no: an alarm must not get lost.

        `channel` may be a name, as settings give it.
        """
        if channel.startswith(("D", "U", "W")):
            return False
        try:
            room = self._ids.get(channel) or await channel_id(self._client, channel)
        except FAILURES as why:
            log.warning("channel not looked up", channel=channel, why=code_of(why))
            return False
        if not room:
            return False
        self._ids[channel] = room
        info = await self._info(room)
        return info is not None and any(info.get(flag) for flag in _SHARED)

    async def for_progress(self, channel: str, user_id: str) -> str:
        """The channel when the bot may post there, else the person's direct messages."""
        if channel and not await self.why_not(channel):
            return channel
        if user_id not in self._direct:
            opened = await self._client.conversations_open(users=user_id)
            self._direct[user_id] = str(opened["channel"]["id"])
        return self._direct[user_id]

    async def _info(self, channel: str) -> Mapping[str, Any] | None:
        kept = self._known.get(channel)
        if kept and self._monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        try:
            answer = await self._client.conversations_info(channel=channel)
            info: Mapping[str, Any] | None = answer["channel"]
        except FAILURES:
            return None
        if len(self._known) > MOST_KEPT:
            self._known.clear()
        self._known[channel] = (self._monotonic(), info)
        return info
