"""The companion over HTTP: only its folders, only with its token, never more than was asked for."""

import os
from datetime import UTC, datetime

import pytest

from bot.companion import Companion
from bot.errors import NimMissing, NotExposed
from bot.model.file import Folder
from bot.model.ids import AgentId, TaskRunId
from companion.log_file import MOST_BYTES
from tests.companion.conftest import TOKEN

AT = datetime(2026, 3, 3, 2, 15, tzinfo=UTC).timestamp()


def put(path, text, at=AT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (at, at))


async def test_it_says_what_it_can_show(serve, installation):
    everything = await serve()
    without_logs = await serve(logs={"folder": "elsewhere"})

    assert (await everything.get("/capabilities"))[1] == {
        "version": 1,
        "capabilities": ["task-log", "agent-files", "server-log"],
    }
    assert (await without_logs.get("/capabilities"))[1]["capabilities"] == ["agent-files"]


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", "é"])
async def test_nothing_is_shown_without_the_token(serve, token):
    served = await serve()

    for path in ("/capabilities", "/server-log", "/agents/1/files", "/task-instances/1/log", "/nothing"):
        assert (await served.get(path, token=token))[0] == 401


async def test_it_acts_never(serve):
    served = await serve()

    async with served.http.post(
        f"{served.url}/ext/nimdesk/v1/job-instances/1/resume",
        json={"Mode": "validate"},
        headers={"Authorization": f"Bearer {TOKEN}"},
    ) as answer:
        assert answer.status == 404


async def test_the_end_of_a_tasks_log_is_shown_with_its_levels(serve, installation):
    put(
        installation / "log/tasks/7.log",
        "2026-03-03T02:15:00Z [Debug] detail\n"
        "2026-03-03T02:15:01Z [Information] begun\n"
        "2026-03-03T02:15:02Z [Error] it failed\n   at Somewhere.In(Code)\n\n   at Top()\n",
    )
    served = await serve()

    _, whole = await served.get("/task-instances/7/log")
    _, errors = await served.get("/task-instances/7/log", minLevel="Error")
    _, last = await served.get("/task-instances/7/log", tail="1", minLevel="Verbose")

    assert whole == {
        "TaskInstanceId": "7",
        "Truncated": False,
        "Lines": [
            {"Timestamp": "2026-03-03T02:15:01Z", "Level": "Information", "Message": "begun"},
            {
                "Timestamp": "2026-03-03T02:15:02Z",
                "Level": "Error",
                "Message": "it failed\n   at Somewhere.In(Code)\n\n   at Top()",
            },
        ],
    }
    assert [line["Level"] for line in errors["Lines"]] == ["Error"]
    assert (len(last["Lines"]), last["Truncated"]) == (1, True)


@pytest.mark.parametrize(
    ("line", "level", "at"),
    [
        ("2026-03-03 03:15:02.123 +01:00 [ERR] it failed", "Error", "2026-03-03T02:15:02.123000Z"),
        ("2026-03-03 02:15:02,123 WRN it failed", "Warning", "2026-03-03T02:15:02.123000Z"),
        ("2026-03-03T02:15:02.1234567Z [FTL] it failed", "Fatal", "2026-03-03T02:15:02.123456Z"),
        ('{"@t":"2026-03-03T02:15:02Z","@l":"Error","@mt":"{x}","@m":"it failed"}', "Error", "2026-03-03T02:15:02Z"),
        ("it failed", "Information", None),
    ],
)
async def test_the_usual_forms_of_a_line_are_understood(serve, installation, line, level, at):
    put(installation / "log/tasks/7.log", line + "\n")
    served = await serve()

    _, log = await served.get("/task-instances/7/log", minLevel="Verbose")

    assert log["Lines"] == [{"Timestamp": at, "Level": level, "Message": "it failed"}]


async def test_a_log_of_another_form_is_read_with_an_expression_of_the_settings(serve, installation):
    put(installation / "log/tasks/7.log", "ERROR|2026-03-03 03:15:02|it failed\n")
    line = r"^(?P<level>\w+)\|(?P<time>[^|]+)\|(?P<text>.*)$"
    served = await serve(logs={"line": line, "zone": "Europe/Paris"})

    _, log = await served.get("/task-instances/7/log")

    assert log["Lines"] == [{"Timestamp": "2026-03-03T02:15:02Z", "Level": "Error", "Message": "it failed"}]


async def test_one_tasks_lines_are_found_in_a_common_log(serve, installation):
    put(
        installation / "log/agent.log",
        "2026-03-03T02:15:00Z [Error] task 7 failed\n2026-03-03T02:15:01Z [Error] task 77 failed\n",
    )
    served = await serve(logs={"task": "agent.log"})

    _, log = await served.get("/task-instances/7/log")

    assert [line["Message"] for line in log["Lines"]] == ["task 7 failed"]


async def test_the_newest_of_several_logs_is_read_and_an_id_is_a_whole_number(serve, installation):
    put(installation / "log/tasks/20260303_7_a.log", "2026-03-03T02:15:00Z [Error] old\n", AT)
    put(installation / "log/tasks/20260304_7_b.log", "2026-03-03T02:15:00Z [Error] new\n", AT + 60)
    put(installation / "log/tasks/20260305_77_c.log", "2026-03-03T02:15:00Z [Error] another\n", AT + 120)
    served = await serve(logs={"task": "tasks/*{id}*.log"})

    _, log = await served.get("/task-instances/7/log")

    assert [line["Message"] for line in log["Lines"]] == ["new"]


async def test_a_large_log_is_read_from_its_end_only(serve, installation):
    line = b"2026-03-03T02:15:00Z [Information] " + b"x" * 900 + b"\n"
    put(installation / "log/server.log", line * 40_000 + b"2026-03-03T02:15:02Z [Error] last\n")
    served = await serve()

    _, log = await served.get("/server-log", minLevel="Error", tail="2")

    assert [entry["Message"] for entry in log["Lines"]] == ["last"]
    assert log["Truncated"] is True
    assert (installation / "log/server.log").stat().st_size > 4 * MOST_BYTES


async def test_an_answer_has_at_most_a_thousand_entries_and_a_million_characters(serve, installation):
    put(installation / "log/server.log", "2026-03-03T02:15:00Z [Error] short\n" * 3000)
    put(installation / "log/tasks/7.log", ("2026-03-03T02:15:00Z [Error] " + "long " * 4000 + "\n") * 400)
    served = await serve()

    _, many = await served.get("/server-log", tail="999999")
    _, long = await served.get("/task-instances/7/log", tail="1000")

    assert (len(many["Lines"]), many["Truncated"]) == (1000, True)
    assert max(len(line["Message"]) for line in long["Lines"]) == 8000
    assert sum(len(line["Message"]) for line in long["Lines"]) < 1_020_000


async def test_secrets_do_not_leave_the_host(serve, installation):
    put(
        installation / "log/server.log",
        "2026-03-03T02:15:00Z [Error] Login failed: Server=db1;User Id=svc;Password=hunter2;Database=nim\n"
        "2026-03-03T02:15:00Z [Error] Authorization: Bearer abcdefghijklmnop sent to https://svc:hunter2@erp.example.com\n"
        '2026-03-03T02:15:00Z [Error] {"client_secret": "hunter2"} --password hunter2\n',
    )
    served = await serve()

    _, log = await served.get("/server-log")
    text = " ".join(line["Message"] for line in log["Lines"])

    assert "hunter2" not in text
    assert "abcdefghijklmnop" not in text
    assert "Server=db1" in text
    assert "erp.example.com" in text


@pytest.mark.parametrize(
    "text",
    [
        "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 532, v4563",
        "C:/identitymanager/Temp/ExportOutput/ad_entries_20260303021500.csv is missing",
        "Assignment 3930001: 37 passed, 5 failed in OU=Leavers,OU=Paris,DC=contoso,DC=com",
        "AADSTS7000222: The provided client secret keys for app '11111111-2222-3333-4444-555555555555' are expired.",
    ],
)
async def test_what_a_diagnosis_needs_stays_as_it_is(serve, installation, text):
    put(installation / "log/tasks/7.log", f"2026-03-03T02:15:00Z [Error] {text}\n")
    served = await serve()

    _, log = await served.get("/task-instances/7/log")

    assert log["Lines"][0]["Message"] == text


async def test_files_are_shown_with_facts_and_never_with_content(serve, installation):
    put(installation / "Temp/ExportOutput/hr_people.csv", 'EmployeeId;Name\r\n1;"Le\r\nroy"\r\n2;Black\r\n3;Bl')
    put(installation / "Work/Collect/previous/hr_people.csv", "EmployeeId;Name\r\n1;Leroy\r\n", AT - 86400)
    put(installation / "Work/Collect/hr_people.nullpk.csv", "EmployeeId;Name\r\n;Nobody\r\n")
    put(installation / "Work/Collect/hr_people.duplicates.csv", "EmployeeId;Name\r\n30412;A\r\n30412;B\r\n")
    put(installation / "Temp/ExportCookies/AD.cookie", "private")
    served = await serve()

    _, exports = await served.get("/agents/1/files", folder="ExportOutput")
    _, cookies = await served.get("/agents/1/files", folder="ExportCookies")

    assert exports["Result"] == [
        {
            "Name": "hr_people.csv",
            "SizeBytes": 43,
            "ModifiedUtc": "2026-03-03T02:15:00Z",
            "Rows": 3,
            "Header": "EmployeeId;Name",
            "LastLineComplete": False,
            "Previous": {
                "SizeBytes": 26,
                "ModifiedUtc": "2026-03-02T02:15:00Z",
                "Rows": 1,
                "Header": "EmployeeId;Name",
            },
            "NullKeyRows": 1,
            "DuplicateKeyRows": 2,
            "RejectedKeys": ["30412"],
        }
    ]
    assert cookies["Result"] == [{"Name": "AD.cookie", "SizeBytes": 7, "ModifiedUtc": "2026-03-03T02:15:00Z"}]


async def test_rows_are_counted_once_for_each_version_of_a_file(serve, installation):
    path = installation / "Temp/ExportOutput/ad_entries.csv"
    put(path, "dn;cn\n1;2\n")
    served = await serve()

    for _ in range(3):
        await served.get("/agents/1/files", folder="ExportOutput")
    before = served.service.tables.counted
    put(path, "dn;cn\n1;2\n3;4\n", AT + 1)
    _, after = await served.get("/agents/1/files", folder="ExportOutput")

    assert (before, served.service.tables.counted) == (1, 2)
    assert after["Result"][0]["Rows"] == 2


@pytest.mark.parametrize(
    ("content", "rows", "header"),
    [
        (b"", 0, ""),
        (b"a;b", 0, "a;b"),
        (b"a;b\n", 0, "a;b"),
        (b"a;b\n1;2", 1, "a;b"),
        (b"a;b\n1;2\n\n", 2, "a;b"),
        (b'"a\nb";c\n1;2\n', 1, '"a\nb";c'),
        (b'a\n"x ""quoted"" y"\n"\n"\n', 2, "a"),
        ("\ufeffa;é\r\n1;2\r\n".encode(), 1, "a;é"),
        ("a;é\n1;2\n".encode("utf-16"), 1, "a;é"),
        (b"h" * 5000 + b"\n1\n", 1, "h" * 2000),
    ],
)
async def test_rows_and_headers_are_told_in_whatever_way_the_table_is_written(
    serve, installation, content, rows, header
):
    put(installation / "Temp/ExportOutput/t.csv", content)
    served = await serve()

    _, listing = await served.get("/agents/1/files", folder="ExportOutput")

    assert (listing["Result"][0]["Rows"], listing["Result"][0]["Header"]) == (rows, header)


async def test_at_most_twenty_rejected_keys_are_named_from_the_key_column(serve, installation):
    put(installation / "Temp/ExportOutput/t.csv", "n;key\n")
    put(installation / "Work/Collect/t.duplicates.csv", "n;key\n" + "".join(f"x;{n}\n" for n in range(50)))
    served = await serve(key_columns={"t": 1})

    _, listing = await served.get("/agents/1/files", folder="ExportOutput")

    assert listing["Result"][0]["RejectedKeys"] == [str(n) for n in range(20)]


async def test_a_link_out_of_its_folder_is_not_followed(serve, installation, tmp_path):
    put(tmp_path / "secret.csv", "private\n")
    (installation / "Temp/ExportOutput/link.csv").symlink_to(tmp_path / "secret.csv")
    (installation / "Temp/ExportOutput/folder").symlink_to(tmp_path)
    (installation / "log/tasks/7.log").symlink_to(tmp_path / "secret.csv")
    put(installation / "Temp/ExportOutput/real.csv", "a\n")
    (installation / "Temp/ExportOutput/same.csv").symlink_to(installation / "Temp/ExportOutput/real.csv")
    served = await serve()

    _, listing = await served.get("/agents/1/files", folder="ExportOutput")

    assert sorted(one["Name"] for one in listing["Result"]) == ["real.csv", "same.csv"]
    assert (await served.get("/task-instances/7/log"))[0] == 404


@pytest.mark.parametrize("number", ["..", "%2e%2e%2fserver", "1%2f..%2f..", "x", "7.log", "*", "٣"])
async def test_an_id_is_a_number_and_nothing_else(serve, installation, number):
    put(installation / "log/server.log", "2026-03-03T02:15:00Z [Error] x\n")
    served = await serve()

    assert (await served.get(f"/task-instances/{number}/log"))[0] == 404


@pytest.mark.parametrize("folder", ["", "..", "Temp", "ExportOutput/..", "exportoutput"])
async def test_only_the_named_folders_are_listed(serve, folder):
    served = await serve()

    assert (await served.get("/agents/1/files", folder=folder))[0] == 400


async def test_only_the_agents_of_this_host_are_answered_for(serve):
    served = await serve(agents=["1"])

    assert (await served.get("/agents/1/files", folder="ExportOutput"))[0] == 200
    assert (await served.get("/agents/2/files", folder="ExportOutput"))[0] == 404


async def test_the_bot_reads_it(serve, installation):
    put(installation / "log/tasks/7.log", "2026-03-03T02:15:00Z [Error] it failed\n")
    put(installation / "Temp/ExportOutput/hr_people.csv", "EmployeeId;Name\r\n1;Leroy\r\n")
    served = await serve()

    async with Companion.open(served.url, TOKEN) as companion:
        log = await companion.task_log(TaskRunId("7"))
        files = await companion.agent_files(AgentId("1"), Folder.EXPORT_OUTPUT)
        with pytest.raises(NimMissing):
            await companion.task_log(TaskRunId("8"))
        with pytest.raises(NotExposed):
            await companion.progress(TaskRunId("7"))
        assert await companion.capabilities() == {"task-log", "agent-files", "server-log"}

    assert [(line.level, line.text) for line in log.lines] == [("Error", "it failed")]
    assert [(one.name, one.rows, one.null_key_rows) for one in files] == [("hr_people.csv", 1, 0)]


async def test_a_bot_with_a_wrong_token_is_told_that_nothing_is_shown(serve):
    served = await serve()

    async with Companion.open(served.url, "wrong") as companion:
        assert await companion.capabilities() == frozenset()
        with pytest.raises(NotExposed, match="does not show task logs"):
            await companion.task_log(TaskRunId("7"))
