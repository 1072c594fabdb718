"""Pictures as Slack files: drawn, uploaded, named by a block. What cannot be had costs the picture, never the words.

A file is uploaded without a channel: only the messages whose blocks name it show it, so it obeys their policy.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp
import structlog
from prometheus_client import Counter
from slack_sdk.web.async_client import AsyncWebClient

from bot.model.picture import Bars, Picture
from bot.pictures.drawing import Drawing
from bot.slack.budget import shorten
from bot.slack.wire import FAILURES, code_of

log: Final = structlog.get_logger(__name__)
_pictures: Final = Counter("nimdesk_pictures_total", "Pictures by their end", ["end"])

ALT_TEXT: Final = 950
"""Slack takes 1,000 characters with a file."""
OK: Final = 200
SETTLE_SECONDS: Final = 1.0
"""Slack refuses a block that names a file which it is still taking in."""
TIMEOUT: Final = aiohttp.ClientTimeout(total=20)
_NEVER: Final = frozenset({"missing_scope", "file_uploads_disabled", "unknown_method", "not_allowed_token_type"})


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A picture that stands in Slack as a file."""

    picture: Picture
    file_id: str


class Pictures:
    def __init__(self, client: AsyncWebClient, drawing: Drawing, *, settle: float = SETTLE_SECONDS) -> None:
        self._client = client
        self._drawing = drawing
        self._settle = settle
        self._allowed = True

    async def uploaded(self, pictures: Sequence[Picture]) -> tuple[Uploaded, ...]:
        """Those that could be drawn and that Slack took; none where the scope `files:write` is missing."""
        made = await asyncio.gather(*(self._one(picture) for picture in pictures if self._allowed))
        found = tuple(one for one in made if one is not None)
        if found:
            await asyncio.sleep(self._settle)
        return found

    async def _one(self, picture: Picture) -> Uploaded | None:
        png = await self._drawing.png(picture)
        if png is None:
            _pictures.labels("not drawn").inc()
            return None
        try:
            file_id = await self._upload(picture, png)
        except FAILURES as why:
            self._allowed = code_of(why) not in _NEVER
            _pictures.labels("refused").inc()
            log.warning("picture not uploaded", why=code_of(why))
            return None
        _pictures.labels("uploaded").inc()
        return Uploaded(picture, file_id)

    async def _upload(self, picture: Picture, png: bytes) -> str:
        """The three steps of an upload (slack-platform 4.3). Raises what the Slack client and aiohttp raise."""
        name = "rows.png" if isinstance(picture, Bars) else "timeline.png"
        place = await self._client.files_getUploadURLExternal(
            filename=name, length=len(png), alt_txt=shorten(picture.alt, ALT_TEXT)
        )
        if self._client.session is None:
            raise aiohttp.ClientError("no session")
        async with self._client.session.post(
            str(place["upload_url"]),
            data=png,
            headers={"Content-Type": "application/octet-stream"},
            proxy=self._client.proxy,
            timeout=TIMEOUT,
        ) as answer:
            if answer.status != OK:
                raise aiohttp.ClientError(f"upload answered {answer.status}")
        file_id = str(place["file_id"])
        await self._client.files_completeUploadExternal(files=[{"id": file_id, "title": shorten(picture.title, 200)}])
        return file_id
