"""Messages and modals as Slack's Web API takes them, and what its refusals mean."""

from enum import Enum
from typing import Any, Final

from aiohttp import ClientConnectorError, ClientError
from prometheus_client import Counter
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.model.message import Message, Modal
from bot.slack.budget import TEXT, plain, shorten, units
from bot.slack.clean import escaped

refused_blocks: Final = Counter("nimdesk_slack_blocks_refused_total", "Messages sent as plain text", ["by"])
"""`by`: "us" before sending, "slack" after it."""


def text_of(message: Message) -> str:
    """The top-level text, escaped and within what `chat.update` takes."""
    text, room = escaped(message.text), TEXT
    while units(text) > TEXT:
        room = room * 4 // 5
        text = escaped(shorten(message.text, room))
    return text


def content(message: Message, *, blocks: bool = True) -> dict[str, Any]:
    """Text and blocks. Without blocks an empty list takes away those that stood there."""
    return {"text": text_of(message), "blocks": list(message.blocks) if blocks else []}


def posted(message: Message, *, blocks: bool = True) -> dict[str, Any]:
    """Arguments of a new message: nothing is unfurled, and the text is not formatted."""
    body = content(message, blocks=blocks)
    if not body["blocks"]:
        del body["blocks"]
    return {**body, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}


def view(modal: Modal) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": "modal",
        "title": plain(modal.title),
        "blocks": list(modal.blocks),
        "callback_id": modal.callback_id,
        "private_metadata": modal.private_metadata,
        "notify_on_close": modal.notify_on_close,
    }
    if modal.submit:
        body["submit"] = plain(modal.submit)
    if modal.close:
        body["close"] = plain(modal.close)
    return body


class Refusal(Enum):
    """What a failed call to Slack means for what was to be sent (slack-platform 4.1)."""

    LATER = "later"
    """Slack took nothing and asks for patience."""
    UNSURE = "unsure"
    """It may or may not have taken it."""
    BLOCKS = "blocks"
    """What we made is wrong: the words go out without the layout."""
    CREDENTIALS = "credentials"
    """Nothing can be sent until somebody repairs the token."""
    NEVER = "never"
    """This place does not take it."""


_LATER: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_UNSURE: Final = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "update_failed"})
_BLOCKS: Final = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "block_mismatch",
        "invalid_arguments",
        "invalid_attachments",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_too_large",
    }
)
_CREDENTIALS: Final = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "no_permission",
        "missing_scope",
        "not_allowed_token_type",
        "accesslimited",
        "access_denied",
    }
)
TOO_MANY_REQUESTS: Final = 429
SERVER_ERROR: Final = 500


def meaning(error: BaseException) -> Refusal:
    if isinstance(error, SlackApiError):
        code, status = code_of(error), getattr(error.response, "status_code", 200)
        if code in _LATER or status == TOO_MANY_REQUESTS:
            return Refusal.LATER
        if code in _BLOCKS:
            return Refusal.BLOCKS
        if code in _CREDENTIALS:
            return Refusal.CREDENTIALS
        return Refusal.UNSURE if code in _UNSURE or status >= SERVER_ERROR else Refusal.NEVER
    if isinstance(error, ClientConnectorError):
        return Refusal.LATER
    return Refusal.UNSURE


FAILURES: Final = (SlackClientError, ClientError, OSError, TimeoutError)
"""All that a call to Slack may raise."""


def code_of(error: BaseException) -> str:
    """Slack's error code, or the name of what broke on the way."""
    if isinstance(error, SlackApiError):
        data = getattr(error.response, "data", error.response)
        return str(data.get("error", "")) if isinstance(data, dict) else f"status {error.response.status_code}"
    return type(error).__name__


def retry_after(error: BaseException) -> float | None:
    """Seconds that Slack asks for; None when it does not say."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    for name, value in headers.items():
        if name.lower() == "retry-after" and str(value).strip().isdigit():
            return float(value)
    return None


def complaints(error: BaseException) -> str:
    """Slack's own words about bad blocks, with their pointers, for the log."""
    data = getattr(getattr(error, "response", None), "data", None)
    if not isinstance(data, dict):
        return ""
    found = data.get("errors") or (data.get("response_metadata") or {}).get("messages") or []
    return "; ".join(str(one) for one in found)
