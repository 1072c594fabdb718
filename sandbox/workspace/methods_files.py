"""`files.*`: the upload in three steps, and the message that shows the files."""

from __future__ import annotations

import mimetypes

from sandbox.workspace import messages
from sandbox.workspace.calls import Call, Method, SlackError
from sandbox.workspace.hub import Hub
from sandbox.workspace.methods_chat import read_thread
from sandbox.workspace.state import Json, StoredFile, random_id

ALT_TEXT = 1000
MAX_BYTES = 32 * 1024 * 1024
"""Slack takes 1 GB; this workspace keeps files in memory."""


def file_wire(hub: Hub, file: StoredFile) -> Json:
    path = f"{hub.url}/files-pri/{hub.config.team_id}-{file.id}"
    return {
        "id": file.id, "created": hub.state.started, "name": file.name, "title": file.title or file.name,
        "mimetype": file.mimetype, "filetype": file.name.rpartition(".")[2], "size": file.length, "user": file.user,
        "mode": "hosted", "is_external": False, "url_private": f"{path}/{file.name}", "alt_txt": file.alt,
        "url_private_download": f"{path}/download/{file.name}", "permalink": f"{path}/{file.name}", "shares": {},
    }  # fmt: skip


async def upload_url(call: Call) -> Json:
    name, length = call.maybe("filename"), call.maybe("length")
    if not name or not length.isdigit() or int(length) == 0:
        raise SlackError("missing_argument")
    if int(length) > MAX_BYTES:
        raise SlackError("file_upload_size_restricted")
    if len(call.maybe("alt_txt")) > ALT_TEXT:
        raise SlackError("alt_txt_too_large")
    file = StoredFile(random_id("F"), name, int(length), alt=call.maybe("alt_txt"), user=call.hub.config.app.bot_user)
    file.mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    call.hub.state.files[file.id] = file
    return {"upload_url": f"{call.hub.url}/upload/v1/{file.id}", "file_id": file.id}


async def complete_upload(call: Call) -> Json:
    hub, rows = call.hub, call.parsed("files", "invalid_arguments")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and "id" in row for row in rows):
        raise SlackError("invalid_arguments", "missing required field: files")
    files = []
    for row in rows:
        file = hub.state.files.get(str(row["id"]))
        if file is None or file.content is None or file.shared:
            raise SlackError("file_not_found")
        file.title = str(row.get("title") or "")
        files.append(file)
    wires = [file_wire(hub, file) for file in files]
    if channel := call.maybe("channel_id") or call.maybe("channels"):
        target = Call(hub, call.args | {"channel": channel})
        room = target.room_to_post()
        content = {"text": call.maybe("initial_comment"), "files": wires, "subtype": "file_share", "upload": False}
        wire = messages.app_wire(hub, content, read_thread(target, room))
        messages.post(hub, room, wire)
    for file in files:
        file.shared = True
    return {"files": wires}


async def file_info(call: Call) -> Json:
    file = call.hub.state.files.get(call.text("file"))
    if file is None or not file.shared:
        raise SlackError("file_not_found")
    return {"file": file_wire(call.hub, file)}


METHODS = (
    Method("files.getUploadURLExternal", upload_url, "files:write", 4),
    Method("files.completeUploadExternal", complete_upload, "files:write", 4),
    Method("files.info", file_info, "files:read", 4),
)
