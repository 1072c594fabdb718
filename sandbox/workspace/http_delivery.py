"""HTTP mode, seen from Slack: signed requests to the app's request URL."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from sandbox.workspace.clock import Clock
from sandbox.workspace.transport import Ack, Delivered

MAX_REDIRECTS = 2


def signature(secret: str, timestamp: str, body: bytes) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class HttpTransport:
    session: aiohttp.ClientSession
    clock: Clock
    url: str
    secret: str
    ack_seconds: float

    async def deliver(self, kind: str, payload: dict[str, Any], attempt: int, reason: str) -> Ack:
        if kind == "events_api":
            body, content_type = json.dumps(payload).encode(), "application/json"
        else:
            form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            body, content_type = urlencode(form).encode(), "application/x-www-form-urlencoded"
        # Signed with the real time: an app compares it with its own clock.
        timestamp = str(int(self.clock.wall()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "Accept": "application/json,*/*",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self.secret, timestamp, body),
        }
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        try:
            async with (
                asyncio.timeout(self.ack_seconds),
                self.session.post(self.url, data=body, headers=headers, max_redirects=MAX_REDIRECTS) as response,
            ):
                answer = await response.text()
                if not response.ok:
                    return Ack(Delivered.REFUSED, no_retry=response.headers.get("X-Slack-No-Retry") == "1")
                return Ack(Delivered.ANSWERED, _payload(answer))
        except TimeoutError:
            return Ack(Delivered.TIMEOUT)
        except aiohttp.ClientError:
            return Ack(Delivered.NO_CONNECTION)

    async def verify(self) -> bool:
        """What Slack does when the URL is saved: the challenge must come back."""
        challenge = hashlib.sha256(self.secret.encode()).hexdigest()[:40]
        ack = await self.deliver("events_api", {"type": "url_verification", "token": "", "challenge": challenge}, 0, "")
        return ack.ok and challenge in (ack.payload.get("challenge"), ack.payload.get("text"))


def _payload(answer: str) -> dict[str, Any]:
    if not answer.strip():
        return {}
    try:
        data = json.loads(answer)
    except ValueError:
        return {"text": answer}
    return data if isinstance(data, dict) else {"text": answer}
