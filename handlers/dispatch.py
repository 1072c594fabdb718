"""One listener per kind of payload, and the guard that no acknowledgement gets lost.

Bolt tries listeners in turn (14 µs each) and forgets an acknowledgement when a listener raises after it; so each kind
has one listener, which acknowledges, hands on and never raises.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

log = structlog.get_logger()
EVERYTHING = re.compile(r".*", re.DOTALL)
Payload = dict[str, Any]
Handle = Callable[[AsyncAck, Payload, AsyncBoltContext], Awaitable[None]]


def guarded(handle: Handle, kind: str) -> Callable[[AsyncAck, Payload, AsyncBoltContext], Awaitable[None]]:
    """The handler with two promises: the payload is acknowledged, and nothing is raised into Bolt."""

    async def dispatch(ack: AsyncAck, body: Payload, context: AsyncBoltContext) -> None:
        try:
            await handle(ack, body, context)
        except Exception:
            log.exception("handler failed", kind=kind)
        finally:
            if ack.response is None:
                await ack()

    return dispatch


def register(
    app: AsyncApp,
    *,
    command: Handle,
    action: Handle,
    submission: Handle,
    closed: Handle,
    shortcut: Handle,
    options: Handle,
    event: Handle,
) -> None:
    app.command(EVERYTHING)(guarded(command, "command"))
    app.action(EVERYTHING)(guarded(action, "action"))
    app.view_submission(EVERYTHING)(guarded(submission, "view_submission"))
    app.view_closed(EVERYTHING)(guarded(closed, "view_closed"))
    app.shortcut(EVERYTHING)(guarded(shortcut, "shortcut"))
    app.options(EVERYTHING)(guarded(options, "options"))
    app.event(EVERYTHING)(guarded(event, "event"))
