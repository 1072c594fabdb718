"""Whether a message of the outbox stands in Slack already: its key travels in the message's metadata.

Slack has no idempotency key for `chat.postMessage`. A post whose answer was lost, or that was under way when the
process died, is therefore looked for before it is sent again.
"""

from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.model.message import Delivery

EVENT_TYPE: Final = "nimdesk_message"
PAGE: Final = 200
PAGES: Final = 5
"""How far back is looked: 1,000 messages, far more than a channel takes while a process is down for minutes."""


def metadata(delivery: Delivery) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": delivery.key}}


async def find(client: AsyncWebClient, delivery: Delivery) -> tuple[str, str] | None:
    """Channel id and timestamp of the message that carries the delivery's key; None when none does.

    Raises what the Slack client raises: then it is not known.
    """
    channel = await channel_id(client, delivery.channel)
    if not channel:
        return None
    cursor = ""
    for _ in range(PAGES):
        if delivery.thread_ts:
            page = await client.conversations_replies(
                channel=channel, ts=delivery.thread_ts, limit=PAGE, cursor=cursor or None, include_all_metadata=True
            )
        else:
            page = await client.conversations_history(
                channel=channel, limit=PAGE, cursor=cursor or None, include_all_metadata=True
            )
        for message in page.get("messages") or ():
            carried = message.get("metadata") or {}
            if carried.get("event_type") == EVENT_TYPE and carried.get("event_payload", {}).get("key") == delivery.key:
                return channel, str(message["ts"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return None
    return None


async def channel_id(client: AsyncWebClient, channel: str) -> str:
    """Slack's id of `#name`, of a person's direct messages, or of what is an id already; empty when it is unknown."""
    if channel.startswith(("U", "W")):
        opened = await client.conversations_open(users=channel)
        return str(opened["channel"]["id"])
    if not channel.startswith("#"):
        return channel
    cursor = ""
    while True:
        page = await client.users_conversations(
            types="public_channel,private_channel", exclude_archived=True, limit=PAGE, cursor=cursor or None
        )
        for room in page.get("channels") or ():
            if room.get("name") == channel[1:]:
                return str(room["id"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return ""
