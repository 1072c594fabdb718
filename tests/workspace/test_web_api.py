"""The Web API as slack-sdk speaks to it: answers, and refusals with Slack's codes."""

from __future__ import annotations

from dataclasses import replace

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import WorkspaceConfig
from sandbox.workspace.config import App, Channel
from tests.workspace.kit import actions, button, modal, section

RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]}
ROOMS = (
    *WorkspaceConfig().channels,
    Channel("C0SECRET001", "secret", ("nadia",), with_app=False, private=True),
    Channel("C0OLD000001", "old", ("nadia",), archived=True),
)


@pytest.fixture
async def workspace(start):
    return await start(WorkspaceConfig(channels=ROOMS))


async def error_of(call) -> str:
    try:
        await call
    except SlackApiError as error:
        return str(error.response["error"])
    return "ok"


async def test_auth_test_names_the_bot(client):
    answer = await client.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0NIMBOT001", "B0NIMBOT001", "T0NIMDESK01")
    assert "chat:write" in answer.headers["x-oauth-scopes"]


async def test_tokens_are_checked(workspace, client, hands):
    def speaking_with(token):
        return AsyncWebClient(token=token, base_url=workspace.api_url)

    assert await error_of(speaking_with("").auth_test()) == "not_authed"
    assert await error_of(speaking_with("xoxb-other").auth_test()) == "invalid_auth"
    assert await error_of(speaking_with(workspace.app_token).auth_test()) == "not_allowed_token_type"
    assert await error_of(client.apps_connections_open(app_token=workspace.bot_token)) == "not_allowed_token_type"
    async with aiohttp.ClientSession() as session:
        url = f"{workspace.api_url}auth.test?token={workspace.bot_token}"
        assert (await (await session.post(url)).json())["error"] == "not_authed"
        async with session.post(f"{workspace.api_url}auth.test", data={"token": workspace.bot_token}) as response:
            assert (await response.json())["ok"]
    await hands.control("tokens", revoke="bot")
    assert await error_of(client.auth_test()) == "token_revoked"


MESSAGES = {
    "channel_not_found": {"channel": "C0NOWHERE01", "text": "x"},
    "not_in_channel": {"channel": "#partners", "text": "x"},
    "is_archived": {"channel": "#old", "text": "x"},
    "no_text": {"channel": "#general"},
    "invalid_blocks": {"channel": "#general", "text": "x", "blocks": [{"type": "section"}]},
    "invalid_blocks_format": {"channel": "#general", "text": "x", "blocks": "[oops"},
    "msg_blocks_too_long": {"channel": "#general", "text": "x", "blocks": [section("x" * 2900)] * 5},
    "thread_not_found": {"channel": "#general", "text": "x", "thread_ts": "1.000001"},
    "invalid_metadata_format": {"channel": "#general", "text": "x", "metadata": {"event_type": "a"}},
    "metadata_too_large": {
        "channel": "#general", "text": "x", "metadata": {"event_type": "a", "event_payload": {"k": "x" * 9000}},
    },
    "markdown_text_conflict": {"channel": "#general", "text": "x", "markdown_text": "y"},
    "too_many_attachments": {"channel": "#general", "text": "x", "attachments": [{"fallback": "f", "text": "x"}] * 101},
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:The top-level")
@pytest.mark.parametrize(("code", "arguments"), MESSAGES.items(), ids=MESSAGES.keys())
async def test_a_message_is_refused_with(code, arguments, client):
    assert await error_of(client.chat_postMessage(**arguments)) == code


async def test_a_private_channel_without_the_app_does_not_exist(client):
    assert await error_of(client.chat_postMessage(channel="C0SECRET001", text="x")) == "channel_not_found"
    assert await error_of(client.conversations_info(channel="C0SECRET001")) == "channel_not_found"


async def test_what_is_wrong_with_blocks_is_said_with_its_pointer(client):
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel="#general", text="x", blocks=[section("")])
    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]"
    ]


async def test_a_long_text_is_cut_with_a_warning(client):
    answer = await client.chat_postMessage(channel="#general", text="x" * 40_001)
    assert answer["warning"] == "message_truncated"
    assert len(answer["message"]["text"]) == 40_000


async def test_a_message_comes_back_from_the_history_with_its_metadata_only_on_request(client):
    metadata = {"event_type": "nimdesk", "event_payload": {"key": "7"}}
    posted = await client.chat_postMessage(
        channel="#general", text="hello", blocks=[actions(button())], metadata=metadata
    )
    assert posted["message"]["metadata"] == metadata
    assert posted["message"]["blocks"][0]["elements"][0]["text"]["emoji"] is True
    bare = await client.conversations_history(channel=posted["channel"], limit=1)
    full = await client.conversations_history(channel=posted["channel"], limit=1, include_all_metadata=True)
    assert "metadata" not in bare["messages"][0]
    assert full["messages"][0]["metadata"] == metadata


async def test_an_update_keeps_what_it_does_not_name(client, hands):
    posted = await client.chat_postMessage(channel="#general", text="one", blocks=[section()])
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    with_blocks = await client.chat_update(**place, text="two", blocks=[section("new")])
    assert "edited" not in with_blocks["message"]
    text_only = await client.chat_update(**place, text="three")
    assert "blocks" not in text_only["message"]
    assert text_only["message"]["edited"]["user"] == "U0NIMBOT001"
    assert await error_of(client.chat_update(**place, text="x" * 4001)) == "msg_too_long"
    assert await error_of(client.chat_update(channel=posted["channel"], ts="1.2", text="x")) == "message_not_found"
    said = await hands.do("nadia", "say", channel="#general", text="mine")
    other = {"channel": posted["channel"], "ts": said["ts"]}
    assert await error_of(client.chat_update(**other, text="x")) == "cant_update_message"
    assert await error_of(client.chat_delete(**other)) == "cant_delete_message"


async def test_rich_text_cannot_become_something_else(client):
    posted = await client.chat_postMessage(channel="#general", text="one", blocks=[RICH])
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    assert await error_of(client.chat_update(**place, text="x", blocks=[section()])) == "block_mismatch"
    assert await error_of(client.chat_update(**place, text="x", blocks=[section(), RICH])) == "ok"


async def test_an_ephemeral_message_cannot_be_addressed_nor_found(client, hands):
    posted = await client.chat_postEphemeral(channel="#general", user="U0NADIA0001", text="only you")
    place = {"channel": "C0GENERAL01", "ts": posted["message_ts"]}
    assert await error_of(client.chat_update(**place, text="x")) == "message_not_found"
    history = await client.conversations_history(channel="C0GENERAL01")
    assert history["messages"] == []
    assert (await hands.view("nadia", channel="#general"))["messages"][0]["text"] == "only you"
    assert (await hands.view("omar", channel="#general"))["messages"] == []
    refused = client.chat_postEphemeral(channel="#general", user="U0GIL000001", text="x")
    assert await error_of(refused) == "user_not_in_channel"


async def test_replies_count_on_their_parent_and_a_replys_ts_means_its_thread(client):
    parent = await client.chat_postMessage(channel="#general", text="parent")
    channel = parent["channel"]
    first = await client.chat_postMessage(channel=channel, text="one", thread_ts=parent["ts"])
    second = await client.chat_postMessage(channel=channel, text="two", thread_ts=first["ts"])
    assert second["message"]["thread_ts"] == parent["ts"]
    thread = await client.conversations_replies(channel=channel, ts=first["ts"])
    assert [message["text"] for message in thread["messages"]] == ["parent", "one", "two"]
    assert thread["messages"][0]["reply_count"] == 2
    await client.chat_delete(channel=channel, ts=second["ts"])
    thread = await client.conversations_replies(channel=channel, ts=parent["ts"])
    assert thread["messages"][0]["reply_count"] == 1
    top = await client.conversations_history(channel=channel)
    assert [message["text"] for message in top["messages"]] == ["parent"]


async def test_pages_follow_a_cursor(client):
    for number in range(5):
        await client.chat_postMessage(channel="#general", text=str(number))
    seen, cursor = [], ""
    while True:
        page = await client.conversations_history(channel="C0GENERAL01", limit=2, cursor=cursor)
        seen += [message["text"] for message in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert seen == ["4", "3", "2", "1", "0"]
    assert await error_of(client.conversations_history(channel="C0GENERAL01", cursor="x")) == "invalid_cursor"


async def test_people_and_groups_are_read(client):
    groups = await client.usergroups_list(include_users=True)
    handles = {group["handle"]: group["users"] for group in groups["usergroups"]}
    assert handles["iam-operators"] == ["U0OMAR00001", "U0OTTO00001"]
    assert (await client.usergroups_users_list(usergroup="S0OWNERS001"))["users"] == ["U0INES00001"]
    guest = (await client.users_info(user="U0GIL000001"))["user"]
    stranger = (await client.users_info(user="U0PETRA0001"))["user"]
    assert guest["is_restricted"]
    assert stranger["is_stranger"]
    assert stranger["team_id"] != guest["team_id"]
    assert await error_of(client.users_info(user="U0")) == "user_not_found"
    assert await error_of(client.users_lookupByEmail(email="nadia@nimdesk.example.com")) == "missing_scope"
    mine = await client.users_conversations(types="public_channel,im")
    assert {"iam-alerts", "general"} <= {room.get("name") for room in mine["channels"]}
    members = await client.conversations_members(channel="C0IAMALERT1")
    assert "U0NIMBOT001" in members["members"]


async def test_a_direct_message_is_opened_once(client):
    first = await client.conversations_open(users="U0NADIA0001")
    again = await client.conversations_open(users="U0NADIA0001")
    assert again["already_open"]
    posted = await client.chat_postMessage(channel="U0NADIA0001", text="hello")
    assert posted["channel"] == first["channel"]["id"]
    assert await error_of(client.conversations_open(users="U0NOBODY001")) == "user_not_found"


async def test_a_method_needs_its_scope(start):
    workspace = await start(WorkspaceConfig(app=App(scopes=frozenset({"commands"}))))
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel="#general", text="x")
    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["needed"] == "chat:write"


async def test_reactions_are_added_once(client):
    posted = await client.chat_postMessage(channel="#general", text="x")
    place = {"channel": posted["channel"], "timestamp": posted["ts"]}
    await client.reactions_add(**place, name="eyes")
    assert await error_of(client.reactions_add(**place, name="eyes")) == "already_reacted"
    assert await error_of(client.reactions_add(**place, name=":oops:")) == "invalid_name"
    await client.reactions_remove(**place, name="eyes")
    assert await error_of(client.reactions_remove(**place, name="eyes")) == "no_reaction"


async def test_a_file_goes_up_in_three_steps_and_needs_a_token_to_come_down(client, workspace):
    answer = await client.files_upload_v2(channel="C0GENERAL01", filename="rows.csv", content="a;b", title="Rows")
    file = (await client.files_info(file=answer["files"][0]["id"]))["file"]
    shown = (await client.conversations_history(channel="C0GENERAL01"))["messages"][0]
    assert (shown["subtype"], shown["files"][0]["title"]) == ("file_share", "Rows")
    async with aiohttp.ClientSession() as session:
        assert (await session.get(file["url_private"])).status == 401
        headers = {"Authorization": f"Bearer {workspace.bot_token}"}
        assert await (await session.get(file["url_private"], headers=headers)).text() == "a;b"
    assert await error_of(client.files_getUploadURLExternal(filename="x", length=0)) == "missing_argument"


async def test_views_need_a_fresh_trigger_used_once(client, hands, bolt, connect):
    triggers = []

    @bolt.command("/nim")
    async def nim(ack, body):
        triggers.append(body["trigger_id"])
        await ack()

    await connect(bolt)
    for _ in range(2):
        await hands.do("nadia", "command", channel="dm", command="/nim")
    view = modal(section(), external_id="one")
    first = await client.views_open(trigger_id=triggers[0], view=view)
    assert first["view"]["root_view_id"] == first["view"]["id"]
    assert await error_of(client.views_open(trigger_id=triggers[0], view=modal(section()))) == "exchanged_trigger_id"
    assert await error_of(client.views_open(trigger_id="garbage", view=modal(section()))) == "invalid_arguments"
    assert await error_of(client.views_open(trigger_id="1.2.ab", view=modal(section()))) == "invalid_trigger_id"
    assert await error_of(client.views_open(trigger_id=triggers[1], view=view)) == "duplicate_external_id"
    await hands.control("clock", advance=4)
    assert await error_of(client.views_open(trigger_id=triggers[1], view=modal(section()))) == "expired_trigger_id"
    stale = client.views_update(view_id=first["view"]["id"], hash="0.x", view=modal(section()))
    assert await error_of(stale) == "hash_conflict"
    assert await error_of(client.views_update(view_id="V0", view=modal(section()))) == "not_found"
    fresh = await client.views_update(external_id="one", hash=first["view"]["hash"], view=modal(section("new")))
    assert fresh["view"]["id"] == first["view"]["id"]
    assert await error_of(client.views_publish(user_id="U0NADIA0001", view=modal(section()))) == "invalid_arguments"


async def test_rate_limits_hold_when_switched_on(start):
    workspace = await start(replace(WorkspaceConfig(), rate_limits=True))
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])
    refused = [await error_of(client.chat_postMessage(channel="#general", text=str(n))) for n in range(6)]
    assert refused == ["ok"] * 4 + ["ratelimited"] * 2
    with pytest.raises(SlackApiError) as limited:
        await client.chat_postMessage(channel="#general", text="x")
    assert limited.value.response.status_code == 429
    assert limited.value.response.headers["Retry-After"] == "1"
    workspace.hub.clock.advance(1)
    assert await error_of(client.chat_postMessage(channel="#general", text="x")) == "ok"
    for _ in range(20):
        await client.usergroups_list()
    assert await error_of(client.usergroups_list()) == "ratelimited"


async def test_what_is_not_slacks_is_refused(workspace):
    headers = {"Authorization": f"Bearer {workspace.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{workspace.api_url}no.such") as response:
            assert (await response.json())["error"] == "unknown_method"
        json_type = {"Content-Type": "application/json"}
        async with session.post(f"{workspace.api_url}chat.postMessage", data="{oops", headers=json_type) as response:
            assert (await response.json())["error"] == "invalid_json"
        async with session.post(f"{workspace.api_url}chat.postMessage", json={"text": "x"}) as response:
            assert (await response.json())["error"] == "invalid_arguments"
