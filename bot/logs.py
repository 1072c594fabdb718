"""Logs: one JSON line per event on stderr. Secrets are masked on the way out, bodies are never logged."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import structlog

from bot.diagnosis.masking import MASK, masked

_HIDDEN_KEYS: Final = re.compile(r"token|secret|password|authorization|cookie|signature|client_secret", re.IGNORECASE)
_SLACK_TOKEN: Final = re.compile(r"\bx(?:ox[a-z]|app)-[\w-]{6,}|\bxoxe\.[\w.-]{6,}")
_RESPONSE_URL: Final = re.compile(r"https?://\S*/(?:commands|actions|app)/[A-Z0-9]+/\S+")


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
    """Masks secrets by key and by shape, in every event and in tracebacks."""
    for key, value in event.items():
        event[key] = MASK if _HIDDEN_KEYS.search(key) and value else _redacted(value)
    return event


def _redacted(value: object) -> object:
    match value:
        case str():
            return without_secrets(value)
        case Mapping():
            return redact(None, "", {str(key): part for key, part in value.items()})
        case list() | tuple() | set() | frozenset():
            return [_redacted(part) for part in value]
        case _:
            return value


def without_secrets(text: str) -> str:
    return masked(_RESPONSE_URL.sub(MASK, _SLACK_TOKEN.sub(MASK, text)))


def set_up(level: int = logging.INFO) -> None:
    """Called once by the program. Libraries' own logging passes the same processors."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("slack_sdk", "slack_bolt", "aiohttp.access", "alembic", "sqlalchemy", "dbos"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
