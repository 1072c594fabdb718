"""The adapter to a companion: whatever stands at its address, a person is never told of an error of its own."""

import asyncio

import pytest

from bot.companion import Companion
from bot.errors import NimMissing, NimSurprised, NotExposed, SettingsError
from bot.model.file import Folder
from bot.model.ids import AgentId, ResourceId, TaskRunId
from tests.nim.stand_in import StandIn, hangs, replied

PREFIX = "/ext/nimdesk/v1"
CAPABILITIES = f"{PREFIX}/capabilities"
LOG = f"{PREFIX}/task-instances/7/log"


@pytest.fixture
async def companion(nim: StandIn):
    nim.good_tokens.add("token")
    async with Companion.open(nim.url, "token", timeout_seconds=0.3) as opened:
        yield opened


def shows(*names):
    return replied(200, {"version": 1, "capabilities": list(names)})


@pytest.mark.parametrize(
    "answer",
    [
        replied(404),
        replied(401),
        replied(403),
        replied(500),
        replied(200, "<html>Sign in"),
        replied(200, []),
        replied(200, {"capabilities": "all"}),
        hangs,
    ],
)
async def test_whatever_is_no_companion_shows_nothing(nim, companion, answer):
    nim.give(CAPABILITIES, answer)

    assert await companion.capabilities() == frozenset()
    with pytest.raises(NotExposed, match="does not show task logs") as told:
        await companion.task_log(TaskRunId("7"))

    assert "Job Results" in told.value.advice


async def test_nobody_listening_shows_nothing():
    async with Companion.open("http://127.0.0.1:9", "token") as companion:
        assert await companion.capabilities() == frozenset()


async def test_what_it_shows_is_asked_once_for_all_and_kept(nim, companion):
    nim.give(CAPABILITIES, shows("task-log"))
    nim.give(LOG, replied(200, {"Lines": []}))

    await asyncio.gather(*(companion.task_log(TaskRunId("7")) for _ in range(10)))

    assert nim.paths == {f"GET {CAPABILITIES}": 1, f"GET {LOG}": 10}


async def test_a_log_that_does_not_exist_is_missing_and_logs_are_still_shown(nim, companion):
    nim.give(CAPABILITIES, shows("task-log"))

    with pytest.raises(NimMissing):
        await companion.task_log(TaskRunId("7"))

    assert await companion.capabilities() == {"task-log"}


async def test_what_is_not_shown_any_more_is_not_asked_for_again(nim, companion):
    nim.give(CAPABILITIES, shows("task-log"), shows())

    for _ in range(3):
        with pytest.raises(NotExposed):
            await companion.task_log(TaskRunId("7"))

    assert nim.paths[f"GET {LOG}"] == 1


async def test_what_was_never_built_is_not_asked_for_again(nim, companion):
    nim.give(CAPABILITIES, shows("task-log"))
    nim.give(LOG, replied(501))

    for _ in range(3):
        with pytest.raises(NotExposed):
            await companion.task_log(TaskRunId("7"))

    assert nim.paths[f"GET {LOG}"] == 1


async def test_lines_and_files_of_unknown_form_are_read_as_far_as_they_go(nim, companion):
    nim.give(CAPABILITIES, shows("task-log", "agent-files"))
    lines = [{"Message": "x"}, "no line", {"Timestamp": "soon", "Level": None, "Message": 5}]
    nim.give(LOG, replied(200, {"Lines": lines, "Truncated": True}))
    files = [{"Name": "a.csv", "SizeBytes": 5, "ModifiedUtc": "2026-03-03T02:15:00Z", "Rows": None}, {"Name": "b.csv"}]
    nim.give(f"{PREFIX}/agents/1/files", replied(200, {"Result": files}))

    log = await companion.task_log(TaskRunId("7"))
    listing = await companion.agent_files(AgentId("1"), Folder.COLLECT)

    assert [(line.at, line.level, line.text) for line in log.lines] == [(None, "", "x"), (None, "", "5")]
    assert log.truncated
    assert [(one.name, one.rows, one.previous) for one in listing] == [("a.csv", None, None)]


async def test_the_history_of_a_few_properties_is_picked_out(nim, companion):
    nim.give(CAPABILITIES, shows("resource-history"))
    changes = {"MainRecord.LastName": {"Old": "Blanc", "New": "Black"}, "Phone": {"Old": None, "New": "5"}}
    versions = [{"ValidFrom": "2026-03-03T02:15:00Z", "Changes": changes}]
    nim.give(f"{PREFIX}/resources/Directory_User/9/history", replied(200, {"Result": versions}))

    told = await companion.history("Directory_User", ResourceId("9"), ["mainrecord.lastname", "Phone"])

    assert [(one.property, one.old, one.new) for one in told] == [
        ("mainrecord.lastname", "Blanc", "Black"),
        ("Phone", None, "5"),
    ]


async def test_an_answer_that_cannot_be_read_is_told(nim, companion):
    nim.give(CAPABILITIES, shows("task-log"))
    nim.give(LOG, replied(200, "<html>"))

    with pytest.raises(NimSurprised):
        await companion.task_log(TaskRunId("7"))


@pytest.mark.parametrize("number", ["../x", "", "7/8", "٣"])
async def test_an_id_that_is_no_number_is_never_sent(nim, companion, number):
    nim.give(CAPABILITIES, shows("task-log"))

    with pytest.raises(NimMissing):
        await companion.task_log(TaskRunId(number))

    assert nim.paths[f"GET {CAPABILITIES}"] <= 1
    assert not [path for path in nim.paths if "task-instances" in path]


async def test_a_file_of_authorities_that_is_none_is_a_wrong_setting(tmp_path):
    with pytest.raises(SettingsError, match="ca_file"):
        async with Companion.open("https://127.0.0.1:9", "token", ca_file=str(tmp_path / "none.pem")):
            pass
