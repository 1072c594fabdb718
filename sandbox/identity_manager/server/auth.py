"""OpenID clients, their tokens and what their profiles may do."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from sandbox.identity_manager.interface import OpenIdClient

DEFAULT_SECRET = "sandbox-secret"  # noqa: S105
SCOPE = "usercube_api"

DEFAULT_CLIENTS = (
    OpenIdClient("nimdesk", DEFAULT_SECRET),
    OpenIdClient("readonly", DEFAULT_SECRET, acts=()),
    OpenIdClient("nobody", DEFAULT_SECRET, reads=(), acts=()),
)


def granted(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a permission path is among the granted ones (case-insensitive, ``*`` matches any part)."""
    folded = path.casefold()
    return any(fnmatchcase(folded, pattern.casefold()) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class _Token:
    client: OpenIdClient
    until: float


class Tokens:
    """Opaque access tokens, in memory. They age in real time, whatever the virtual clock does."""

    def __init__(self, clients: tuple[OpenIdClient, ...], seconds: int) -> None:
        self._clients = {c.identifier: c for c in (*DEFAULT_CLIENTS, *clients)}
        self.seconds = seconds
        self._tokens: dict[str, _Token] = {}
        self.issued = 0

    def authenticate(self, client_id: str, secret: str, domains: set[str], now: datetime) -> OpenIdClient | None:
        """The client behind ``identifier@domain`` and its secret; None when unknown, wrong or past its expiry."""
        identifier, _, domain = client_id.rpartition("@")
        client = self._clients.get(identifier)
        if client is None or domain.casefold() not in domains:
            return None
        if not hmac.compare_digest(client.secret.encode(), secret.encode()):
            return None
        return None if client.expires is not None and client.expires <= now else client

    def issue(self, client: OpenIdClient) -> str:
        token = secrets.token_urlsafe(32)
        self._tokens[token] = _Token(client, time.monotonic() + self.seconds)
        self.issued += 1
        return token

    def client_of(self, token: str) -> OpenIdClient | None:
        """Whose token it is; None when unknown, expired or revoked."""
        found = self._tokens.get(token)
        if found is None:
            return None
        if found.until <= time.monotonic():
            del self._tokens[token]
            return None
        return found.client

    def revoke_all(self) -> int:
        count = len(self._tokens)
        self._tokens.clear()
        return count
