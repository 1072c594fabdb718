"""A picture reaches the one who asked as a file that a block names; without one the words are complete."""

from bot.model.actor import Place
from bot.pictures.drawing import Drawing
from bot.slack.pictures import Pictures
from bot.slack.reply import Reply
from bot.slack.sample_symptoms import of_symptom

ALERTS = "C0IAMALERT1"
BARS = of_symptom(3).illustrations[0]


async def test_an_uploaded_picture_stands_in_a_message_that_slack_takes(slack, renderer):
    client = slack.client()
    made = await Pictures(client, Drawing(), settle=0).uploaded([BARS])

    message = renderer.pictures(made, "PRODUCTION")
    posted = await client.chat_postMessage(channel=ALERTS, text=message.text, blocks=list(message.blocks))

    file = slack.workspace.hub.state.files[made[0].file_id]
    assert file.content.startswith(b"\x89PNG")
    assert file.alt.startswith("Bar chart: Rows that are stored")
    image = posted["message"]["blocks"][0]
    assert image["slack_file"] == {"id": made[0].file_id}
    assert "41,007 deleted" in image["alt_text"]
    assert "41,007 deleted" in message.text


async def test_without_the_scope_there_is_no_picture_and_nobody_asks_again(slack):
    await slack.fault("files.getUploadURLExternal", error="missing_scope")
    pictures = Pictures(slack.client(), Drawing(), settle=0)

    assert await pictures.uploaded([BARS]) == ()
    assert await pictures.uploaded([BARS]) == ()

    assert len(await slack.calls("files.getUploadURLExternal")) == 1


async def test_a_refused_upload_costs_this_picture_only(slack):
    await slack.fault("files.completeUploadExternal", error="internal_error", times=1)
    pictures = Pictures(slack.client(), Drawing(), settle=0)

    assert await pictures.uploaded([BARS]) == ()
    assert len(await pictures.uploaded([BARS])) == 1


async def test_only_the_one_who_asked_sees_it(slack, renderer):
    client = slack.client()
    made = await Pictures(client, Drawing(), settle=0).uploaded([BARS])
    message = renderer.pictures(made, "TEST")
    assert await Reply(client, renderer).answer("U0NADIA0001", Place(ALERTS), message)
    assert not await slack.history(ALERTS)
