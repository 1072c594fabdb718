"""The page in a real Chromium: a person reads, presses, fills in, asks, and sees only what is theirs."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.workspace.kit import actions, button, field, md, modal, option, plain, section


@pytest.fixture
async def page(workspace, browser):
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.set_default_timeout(5000)
    await page.goto(workspace.url)
    yield page
    await page.close()
    assert problems == []


@pytest.fixture
async def desk(bolt, connect, client):
    """An app with one card, one modal and one command."""

    @bolt.command("/nim")
    async def nim(ack, command, respond):
        await ack()
        await respond(text=f"*Only yours*: {command['text']}")

    @bolt.action("test")
    async def test(ack, body, client):
        await ack()
        blocks = [section("*PRODUCTION* deletes 1 account"), field("why", "Reason")]
        await client.views_open(
            trigger_id=body["trigger_id"], view=modal(*blocks, private_metadata=body["message"]["ts"])
        )

    @bolt.view("form")
    async def sent(ack, view, client):
        reason = view["state"]["values"]["why"]["text"]["value"]
        if "INC" not in reason:
            await ack(response_action="errors", errors={"why": "Name a ticket"})
            return
        await ack()
        where = {"channel": "C0IAMALERT1", "thread_ts": view["private_metadata"]}
        await client.chat_postMessage(**where, text=f"Started: {reason}")

    await connect(bolt)
    confirm = {"title": plain("Mute it?"), "text": md("For *4 hours*"), "confirm": plain("Mute"), "deny": plain("Keep")}
    blocks = [
        section("AD failed"),
        actions(button("Test with 1 of 150", "test"), button("Mute", "mute", confirm=confirm)),
    ]
    return await client.chat_postMessage(channel="#iam-alerts", text="AD failed", blocks=blocks)


async def test_a_card_is_pressed_its_modal_mended_and_the_thread_read(page, desk):
    await page.get_by_role("button", name="Test with 1 of 150").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("PRODUCTION deletes 1 account")).to_be_visible()
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.get_by_role("alert")).to_have_text("Please complete this required field.")
    await dialog.get_by_label("Reason").fill("because")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.get_by_role("alert")).to_have_text("Name a ticket")
    await expect(dialog.get_by_label("Reason")).to_have_value("because")
    await dialog.get_by_label("Reason").fill("INC0042")
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await page.get_by_role("button", name="1 reply").click()
    await expect(page.get_by_role("complementary", name="Thread").get_by_text("Started: INC0042")).to_be_visible()


async def test_a_press_reaches_a_card_that_is_edited_under_the_finger(page, desk, client):
    spot = await page.get_by_role("button", name="Test with 1 of 150").bounding_box()
    await page.mouse.move(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    await page.mouse.down()
    edited = [section("AD failed, again"), *desk["message"]["blocks"][1:]]
    await client.chat_update(channel=desk["channel"], ts=desk["ts"], text="AD failed, again", blocks=edited)
    await client.chat_postMessage(channel="#general", text="the page has drawn what came before this")
    await expect(page.get_by_role("button", name="general")).to_contain_text("unread")
    await page.mouse.up()
    await expect(page.get_by_role("dialog").get_by_text("PRODUCTION deletes 1 account")).to_be_visible()
    await expect(page.get_by_text("AD failed, again")).to_be_visible()


async def test_a_command_is_completed_and_answered_only_to_the_asker(page, desk):
    message = page.get_by_role("combobox", name="Message #iam-alerts")
    await message.press_sequentially("/nim jobs f")
    await expect(page.get_by_role("option", name="/nim jobs failed")).to_be_visible()
    await message.press("Tab")
    await message.press("Enter")
    answer = page.locator(".message.ephemeral")
    await expect(answer).to_contain_text("Only visible to you")
    await expect(answer).to_contain_text("Only yours: jobs failed")
    await page.get_by_role("radio", name="Omar").click()
    await expect(page.get_by_text("AD failed")).to_be_visible()
    await expect(answer).to_have_count(0)
    await page.get_by_role("radio", name="Nadia").click()
    await answer.get_by_role("button", name="Dismiss message").click()
    await expect(answer).to_have_count(0)


async def test_a_confirm_dialog_is_asked_first(page, desk, hands):
    await page.get_by_role("button", name="Mute").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Keep").click()
    sent = (await hands.look_up("deliveries"))["deliveries"]
    assert [row for row in sent if row["kind"] == "interactive"] == []


async def test_a_failed_command_is_a_toast_and_the_words_come_back(page):
    message = page.get_by_role("combobox", name="Message #iam-alerts")
    await message.fill("/nim help")
    await message.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("dispatch_failed")
    await expect(message).to_have_value("/nim help")


async def test_hostile_text_stays_text_and_unread_channels_show(page, client):
    evil = "<img src=x onerror=alert(1)> <!channel> &lt;b&gt; <javascript:alert(1)|click>"
    await client.chat_postMessage(channel="#helpdesk", text=evil + " <@U0NADIA0001>")
    room = page.get_by_role("button", name="helpdesk")
    await expect(room).to_contain_text("1")
    await room.click()
    shown = page.locator(".message .text")
    await expect(shown).to_contain_text("<b>")
    await expect(shown.locator(".loud")).to_have_text("@channel")
    assert await page.locator(".message img, .message a[href^=javascript]").count() == 0


async def test_the_page_fits_a_telephone(page, desk):
    await page.set_viewport_size({"width": 400, "height": 820})
    await expect(page.get_by_role("button", name="Test with 1 of 150")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 400
    await page.get_by_role("button", name="Channels").click()
    await page.get_by_role("button", name="general").click()
    await expect(page.get_by_role("heading", name="general")).to_be_visible()


async def test_what_is_being_filled_in_survives_news(page, client):
    menu = {
        "type": "multi_static_select",
        "action_id": "many",
        "placeholder": plain("Which?"),
        "options": [option("Red"), option("Blue")],
    }
    await client.chat_postMessage(channel="#iam-alerts", text="x", blocks=[section("Choose"), actions(menu)])
    await page.get_by_text("Which?").click()
    await page.get_by_role("checkbox", name="Red").check()
    await expect(page.get_by_text("1 chosen")).to_be_visible()
    await expect(page.get_by_role("checkbox", name="Blue")).to_be_visible()
    await page.get_by_role("checkbox", name="Blue").check()
    await expect(page.get_by_text("2 chosen")).to_be_visible()


async def test_messages_are_walked_with_the_keyboard(page, desk):
    log = page.get_by_role("log", name="Messages")
    await log.focus()
    await log.press("ArrowUp")
    for _ in range(2):
        await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Test with 1 of 150")).to_be_focused()
