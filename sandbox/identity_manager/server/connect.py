"""The OpenID Connect part: discovery and tokens."""

from __future__ import annotations

import json

from aiohttp import web

from sandbox.identity_manager.server.auth import SCOPE
from sandbox.identity_manager.server.context import SERVER

routes = web.RouteTableDef()


@routes.get("/.well-known/openid-configuration")
async def discovery(request: web.Request) -> web.Response:
    base = f"{request.scheme}://{request.host}"
    return web.json_response(
        {
            "issuer": base,
            "token_endpoint": f"{base}/connect/token",
            "jwks_uri": f"{base}/.well-known/openid-configuration/jwks",
            "grant_types_supported": ["client_credentials"],
            "scopes_supported": [SCOPE],
        }
    )


@routes.get("/.well-known/openid-configuration/jwks")
async def keys(_request: web.Request) -> web.Response:
    return web.json_response({"keys": []})


@routes.post("/connect/token")
async def token(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    if request.content_type != "application/x-www-form-urlencoded":
        return _refused("invalid_request")
    form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    if form.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type" if form.get("grant_type") else "invalid_request")
    domains = {"localhost", (request.url.host or "localhost").casefold(), server.settings.client_domain.casefold()}
    client = server.tokens.authenticate(
        form.get("client_id", ""), form.get("client_secret", ""), domains, server.world.now()
    )
    if client is None:
        return _refused("invalid_client")
    if form.get("scope") != SCOPE:
        return _refused("invalid_scope")
    body = {
        "access_token": server.tokens.issue(client),
        "expires_in": server.tokens.seconds,
        "token_type": "Bearer",
        "scope": SCOPE,
    }
    return web.json_response(body, headers={"Cache-Control": "no-store"})


def _refused(error: str) -> web.Response:
    return web.Response(status=400, text=json.dumps({"error": error}), content_type="application/json")
