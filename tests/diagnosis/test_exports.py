"""Symptom 1, row by row of the decision table (troubleshooting 2.1)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.diagnosis.job_run import examine_run
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import exports
from bot.model.file import AgentFile, FileVersion, Folder
from bot.model.finding import ActionKind, Certainty
from bot.model.ids import JobId, TaskId
from bot.model.job import RunState, TaskKind
from tests.diagnosis.fakes import AD, HR, NOW, FakeNim, ago, connector, job, run, task, task_run

SITE = Site(owners={"AD": "#team-ad"})
EXPIRED = "80090308: LdapErr: DSID-0C090436, comment: AcceptSecurityContext error, data 532, v4563"
NO_HOST = "System.Net.Http.HttpRequestException: No such host is known. (dc1:636)"
START = ago(hours=7, minutes=45)


def world(
    text: str | None, *, state: RunState = RunState.ERRORED, kind: TaskKind = TaskKind.EXPORT, others=RunState.COMPLETED
) -> FakeNim:
    """The AD export of last night failed; the HR export of the same agent ran within the hour."""
    nim = FakeNim()
    nim.with_job(
        job("1002", "AD_Synchronization_Delta", is_incremental=True),
        task("301", "Export_AD_Delta", TaskKind.EXPORT),
        task("303", "Sync_AD", TaskKind.SYNCHRONIZE),
    )
    nim.with_job(
        job("1001", "AD_Synchronization_Complete"),
        task("311", "Export_AD", TaskKind.EXPORT),
        task("303", "Sync_AD", TaskKind.SYNCHRONIZE),
    )
    nim.with_job(
        job("1005", "HR_Synchronization_Delta", is_incremental=True), task("3", "Export_HR", TaskKind.EXPORT, HR)
    )
    nim.all_runs = [run("48213", "1002", state, start=START)]
    nim.all_task_runs = [
        task_run(
            "1", kind, RunState.ERRORED, run_id="48213", start=START, seconds=2, name="Export_AD_Delta", task_id="301"
        ),
        task_run("2", TaskKind.EXPORT, run_id="48117", start=START - timedelta(days=1), task_id="301"),
    ]
    if others is not None:
        nim.all_task_runs.append(
            task_run("3", TaskKind.EXPORT, others, run_id="48212", start=START - timedelta(minutes=15), connector_id=HR)
        )
    nim.logs = {"1": [text] if text else [], "3": [text] if text else []}
    nim.listing = {
        Folder.EXPORT_OUTPUT: [AgentFile("ad_entries.csv", Folder.EXPORT_OUTPUT, 712_400, START - timedelta(days=1))]
    }
    return nim


async def ask(nim: FakeNim, subject: Subject | None = None):
    subject = subject or Subject(run=nim.all_runs[0])
    return exports.diagnose(await exports.gather(nim, subject, SITE, NOW), NOW)


def complete(found):
    return next(one for one in found.offers if one.action is ActionKind.RELAUNCH_COMPLETE)


@pytest.mark.parametrize(
    ("text", "others", "row", "certainty"),
    [
        (NO_HOST, RunState.COMPLETED, "1a", Certainty.CONFIRMED),
        (NO_HOST, None, "1a", Certainty.LIKELY),
        (NO_HOST, RunState.ERRORED, "1b", Certainty.LIKELY),
        (EXPIRED, RunState.COMPLETED, "1c", Certainty.CONFIRMED),
        (
            "Response status code does not indicate success: 403 (Forbidden).",
            RunState.COMPLETED,
            "1d",
            Certainty.CONFIRMED,
        ),
        ("The remote certificate is invalid: NotTimeValid", RunState.COMPLETED, "1e", Certainty.CONFIRMED),
        ('Cannot open database "HR_PROD" requested by the login.', RunState.COMPLETED, "1f", Certainty.LIKELY),
        ("429 (Too Many Requests)", RunState.COMPLETED, "1g", Certainty.CONFIRMED),
        ("There is not enough space on the disk.", RunState.COMPLETED, "1h", Certainty.CONFIRMED),
        ("Invalid column name 'ContractEnd'.", RunState.COMPLETED, "1i", Certainty.LIKELY),
        ("Gremlins", RunState.COMPLETED, None, Certainty.UNKNOWN),
    ],
)
async def test_1a_to_1i_the_log_names_the_class(text, others, row, certainty):
    found = await ask(world(text, others=others))
    assert (found.symptom, found.cause, found.certainty) == (1, row, certainty)


async def test_1b_is_only_possible_while_it_is_not_known_why_the_others_failed():
    nim = world(NO_HOST, others=RunState.ERRORED)
    nim.logs["3"] = []
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("1b", Certainty.POSSIBLE)


async def test_5_1_two_faults_at_once_are_not_one_of_the_agent():
    nim = world(NO_HOST, others=RunState.ERRORED)
    nim.logs["3"] = [EXPIRED]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("1a", Certainty.LIKELY)
    assert [remark.row for remark in found.contributing] == ["5.1"]


async def test_5_1_the_logs_of_others_are_read_only_where_none_of_them_went_well():
    nim = world(NO_HOST)
    await ask(nim)
    assert nim.made.count("task_log") == 1


async def test_1h_a_file_share_that_refuses_the_logon_is_no_full_disk():
    found = await ask(world("System.IO.IOException: The user name or password is incorrect. : '//files/hr/export'"))
    assert (found.cause, found.certainty) == ("1h", Certainty.CONFIRMED)
    assert "refused the agent's logon" in found.title
    assert "renews the logon" in found.next


def went_well(*, since: datetime = START) -> FakeNim:
    """The newest AD export went well; the one of the night before had failed."""
    nim = world(EXPIRED)
    nim.all_connectors = [connector(AD, "AD"), connector(HR, "HR")]
    nim.all_runs.append(run("48299", "1002", start=since + timedelta(hours=3)))
    nim.all_task_runs.append(
        task_run("8", TaskKind.EXPORT, run_id="48299", start=since + timedelta(hours=3), task_id="301")
    )
    return nim


async def test_5_3_a_failure_that_is_over_is_found_though_the_newest_run_went_well():
    nim = went_well()
    found = await ask(nim, Subject(connector_id=AD, run=nim.all_runs[-1]))
    assert (found.cause, found.certainty) == ("1c", Certainty.CONFIRMED)
    assert found.text.startswith("Resolved since: the export went well again in run 48299")
    assert "Renew it" not in found.text
    assert not complete(found).allowed


async def test_5_3_a_complete_run_that_went_well_since_was_not_missed():
    nim = went_well()
    nim.all_runs = [replace(one, job_id=JobId("1001")) for one in nim.all_runs]
    nim.all_task_runs = [replace(one, task_id=TaskId("311")) for one in nim.all_task_runs]
    found = await ask(nim, Subject(connector_id=AD, run=nim.all_runs[-1]))
    assert found.next == "Nothing has to be repaired."
    assert not complete(found).allowed


async def test_5_3_a_complete_run_is_missed_while_only_incremental_ones_went_well():
    nim = went_well()
    nim.all_runs[0] = replace(nim.all_runs[0], job_id=JobId("1001"))
    nim.all_task_runs[0] = replace(nim.all_task_runs[0], task_id=TaskId("311"))
    found = await ask(nim, Subject(connector_id=AD, run=nim.all_runs[0]))
    assert found.next.endswith("Relaunch the complete run that was missed.")
    assert complete(found).allowed


async def test_5_2_a_block_that_waits_behind_a_failed_export_is_announced():
    nim = world(EXPIRED)
    nim.all_task_runs.append(
        task_run(
            "5", TaskKind.SYNCHRONIZE, RunState.BLOCKED, run_id="48100", task_id="303", start=START - timedelta(days=1)
        )
    )
    found = await ask(nim)
    assert found.cause == "1c"
    assert [remark.row for remark in found.contributing] == ["5.2"]
    assert "run 48100" in found.contributing[0].why


async def test_5_2_a_block_that_was_settled_is_none():
    nim = world(EXPIRED)
    nim.all_task_runs += [
        task_run(
            "5", TaskKind.SYNCHRONIZE, RunState.BLOCKED, run_id="48100", task_id="303", start=START - timedelta(days=1)
        ),
        task_run("6", TaskKind.SYNCHRONIZE, run_id="48101", task_id="303", start=START - timedelta(hours=20)),
    ]
    assert (await ask(nim)).contributing == ()


async def test_only_what_tells_is_read_so_that_the_page_reaches_back():
    nim = world(EXPIRED)
    nim.all_task_runs += [
        task_run("77", TaskKind.FULFILL, run_id="48100", start=START - timedelta(days=1)),
        task_run("78", TaskKind.SYNCHRONIZE, run_id="48212", start=START, connector_id=HR),
    ]
    evidence = await exports.gather(nim, Subject(run=nim.all_runs[0]), SITE, NOW)
    assert {one.id for one in evidence.recent or ()} == {"1", "2", "3"}


async def test_5_3_a_missed_complete_run_may_follow_though_the_cause_was_never_recorded():
    nim = went_well()
    nim.logs = {}
    nim.all_runs[0] = replace(nim.all_runs[0], job_id=JobId("1001"))
    nim.all_task_runs[0] = replace(nim.all_task_runs[0], task_id=TaskId("311"))
    found = await ask(nim, Subject(connector_id=AD, run=nim.all_runs[0]))
    assert found.cause != "1c"
    assert complete(found).allowed


async def test_5_1_the_logs_of_others_are_not_asked_for_where_the_own_one_is_not_shown():
    nim = world(NO_HOST, others=RunState.ERRORED)
    nim.companion = False
    found = await ask(nim)
    assert [one.what for one in found.missing] == ["the export files", "the log of task Export_AD_Delta"]


async def test_no_failure_at_all_sends_nobody_to_a_log():
    nim = went_well()
    nim.all_task_runs = [one for one in nim.all_task_runs if one.state is RunState.COMPLETED]
    nim.listing = {}
    found = await ask(nim, Subject(connector_id=AD, run=nim.all_runs[-1]))
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert "log" not in found.next


async def test_1k_no_export_has_started_for_long():
    nim = went_well(since=ago(hours=20))
    nim.all_task_runs = [one for one in nim.all_task_runs if one.state is RunState.COMPLETED]
    nim.all_jobs = [replace(one, cron="*/15 * * * *") if one.is_incremental else one for one in nim.all_jobs]
    nim.listing = {}
    found = await ask(nim, Subject(connector_id=AD, run=nim.all_runs[-1]))
    assert (found.cause, found.certainty) == ("1k", Certainty.LIKELY)
    assert "due every 15 min" in found.text


def at_another_time(ahead: timedelta, *, of_hr: timedelta | None = None) -> FakeNim:
    """Both connectors exported well; the files bear the time of an agent whose clock is wrong."""
    nim = went_well()
    nim.all_task_runs = [one for one in nim.all_task_runs if one.state is RunState.COMPLETED]
    nim.all_jobs = [replace(one, is_incremental=False) for one in nim.all_jobs]
    ends = {
        name: max(one.ended_at for one in nim.all_task_runs if one.connector_id == which and one.ended_at)
        for name, which in (("ad_entries.csv", AD), ("hr_people.csv", HR))
    }
    shifts = {"ad_entries.csv": ahead, "hr_people.csv": ahead if of_hr is None else of_hr}
    nim.listing = {
        Folder.EXPORT_OUTPUT: [
            AgentFile(name, Folder.EXPORT_OUTPUT, 700, end + shifts[name]) for name, end in ends.items()
        ]
    }
    return nim


async def test_5_4_an_agent_whose_clock_is_slow_has_no_stale_files():
    nim = at_another_time(timedelta(minutes=-60))
    found = await ask(nim, Subject(connector_id=AD, run=nim.all_runs[-1]))
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert [remark.row for remark in found.contributing] == ["5.4"]
    assert "60 min slow" in found.contributing[0].why


async def test_5_4_a_file_that_alone_is_old_is_stale_and_no_matter_of_clocks():
    nim = at_another_time(timedelta(minutes=-60), of_hr=timedelta())
    found = await ask(nim, Subject(connector_id=AD, run=nim.all_runs[-1]))
    assert (found.cause, found.certainty, found.contributing) == ("1m", Certainty.CONFIRMED, ())


async def test_1a_is_only_likely_when_the_neighbours_cannot_be_read():
    nim = world(NO_HOST)
    nim.denied = {"recent_task_runs"}
    assert (await ask(nim)).certainty is Certainty.LIKELY


async def test_1c_says_what_was_ruled_out_and_what_to_do():
    found = await ask(world(EXPIRED))
    assert found.title == "AD export failed: the service account's logon was refused"
    assert found.next.startswith("The AD team (#team-ad) renews")
    assert found.ruled_out[0].row == "1a"
    assert complete(found).target == "1001"
    assert complete(found).allowed
    labels = [fact.label for fact in found.evidence]
    assert labels == ["Failed task", "Log", "File", "Other exports of the agent", "Last success"]


async def test_a_password_that_is_refused_again_and_again_asks_for_a_pause():
    nim = world(EXPIRED)
    nim.all_task_runs += [
        task_run(
            f"9{i}",
            TaskKind.EXPORT,
            RunState.ERRORED,
            run_id=f"4830{i}",
            start=START + timedelta(minutes=15 * i),
            task_id="301",
        )
        for i in range(1, 4)
    ]
    assert "pause the connector's schedule" in (await ask(nim)).next


async def test_1i_is_confirmed_by_the_header():
    nim = world("Header with name 'EmployeeId' was not found", kind=TaskKind.PREPARE)
    nim.listing = {
        Folder.EXPORT_OUTPUT: [
            AgentFile(
                "ad_people.csv",
                Folder.EXPORT_OUTPUT,
                10,
                START,
                header="EmpID;Name",
                previous=FileVersion(header="EmployeeId;Name"),
            )
        ]
    }
    found = await examine_run(nim, nim.all_runs[0], SITE, NOW)
    assert (found.cause, found.certainty) == ("1i", Certainty.CONFIRMED)
    assert "missing: EmployeeId; new: EmpID" in found.text
    assert found.ruled_out[0].row == "1a"
    assert not complete(found).allowed


async def test_1i_a_changed_header_of_which_the_log_says_nothing_confirms_nothing():
    nim = world("CsvHelper.BadDataException: Row 12: expected 14 fields, found 13", kind=TaskKind.PREPARE)
    nim.listing = {
        Folder.EXPORT_OUTPUT: [
            AgentFile(
                "ad_members.csv",
                Folder.EXPORT_OUTPUT,
                10,
                START,
                header="Group;Member;Since",
                previous=FileVersion(header="Group;Member"),
            )
        ]
    }
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("1i", Certainty.LIKELY)
    assert "Besides, ad_members.csv changed: new: Since" in found.text


async def test_1j_no_text_was_recorded():
    found = await ask(world(None))
    assert (found.cause, found.certainty) == ("1j", Certainty.UNKNOWN)
    assert any(one.action is ActionKind.RELAUNCH for one in found.offers)


async def test_1k_the_task_was_never_started():
    nim = world(None)
    nim.all_task_runs[0] = replace(nim.all_task_runs[0], state=RunState.QUEUED, started_at=None, ended_at=None)
    assert ((await ask(nim)).cause) == "1k"


async def test_1l_contributes_when_the_job_went_on():
    found = await ask(world(EXPIRED, state=RunState.WARNING))
    assert (found.cause, [one.row for one in found.contributing]) == ("1c", ["1l"])


async def test_1l_stands_alone_when_the_log_says_nothing():
    nim = world(EXPIRED, state=RunState.WARNING)
    nim.companion = False
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("1l", Certainty.CONFIRMED)
    assert not complete(found).allowed


@pytest.mark.parametrize(("size", "age", "certainty"), [(0, 0, Certainty.LIKELY), (100, 24, Certainty.CONFIRMED)])
async def test_1m_an_export_that_wrote_nothing(size, age, certainty):
    nim = world(None)
    nim.all_jobs[0] = replace(nim.all_jobs[0], is_incremental=False)
    nim.all_task_runs[0] = replace(nim.all_task_runs[0], state=RunState.COMPLETED)
    nim.listing = {
        Folder.EXPORT_OUTPUT: [AgentFile("ad_entries.csv", Folder.EXPORT_OUTPUT, size, START - timedelta(hours=age))]
    }
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("1m", certainty)
    assert not complete(found).allowed


async def test_an_incremental_export_leaves_the_complete_files_as_they_are():
    nim = world(None)
    nim.all_task_runs[0] = replace(nim.all_task_runs[0], state=RunState.COMPLETED)
    nim.listing = {
        Folder.EXPORT_OUTPUT: [
            AgentFile("ad_entries.csv", Folder.EXPORT_OUTPUT, 900, START - timedelta(hours=7)),
            AgentFile("ad_entries.delta.csv", Folder.EXPORT_OUTPUT, 9, START + timedelta(seconds=2)),
        ]
    }
    assert (await ask(nim)).cause is None


async def test_1m_clocks_that_differ_by_two_minutes_prove_nothing():
    nim = world(None)
    nim.all_task_runs[0] = replace(nim.all_task_runs[0], state=RunState.COMPLETED)
    nim.listing = {
        Folder.EXPORT_OUTPUT: [AgentFile("ad_entries.csv", Folder.EXPORT_OUTPUT, 9, START - timedelta(minutes=2))]
    }
    assert (await ask(nim)).cause is None


async def test_a_connector_that_is_skipped_did_not_fail():
    nim = world(None)
    nim.all_task_runs = []
    nim.all_connectors = [connector(sync_blocked=True)]
    found = await ask(nim, Subject(connector_id=AD))
    assert (found.cause, found.certainty) == ("2a", Certainty.CONFIRMED)
    assert found.ruled_out[0].row == "1a"


async def test_a_failure_that_went_away_is_told_as_resolved():
    nim = world(NO_HOST, others=RunState.ERRORED)
    nim.all_task_runs.append(task_run("9", TaskKind.EXPORT, run_id="48230", start=ago(hours=2), task_id="301"))
    found = await ask(nim)
    assert "resolved since" in found.title
    assert "48230" in found.text
    assert not complete(found).allowed


async def test_a_running_connector_is_left_alone():
    nim = world(EXPIRED)
    nim.all_task_runs.append(
        task_run("9", TaskKind.SYNCHRONIZE, RunState.RUNNING, run_id="48230", start=ago(minutes=2), seconds=None)
    )
    assert "48230" in complete(await ask(nim)).why_not


async def test_a_pause_that_the_target_asked_for_is_kept():
    nim = world("429 (Too Many Requests). Retry-After: 90000")
    assert "wait until" in complete(await ask(nim)).why_not


async def test_without_the_companion_nothing_is_said_of_the_cause():
    nim = world(EXPIRED)
    nim.companion = False
    found = await ask(nim)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert {one.what for one in found.missing} == {"the log of task Export_AD_Delta", "the export files"}


async def test_it_costs_few_requests():
    nim = world(EXPIRED)
    await ask(nim)
    assert [one for one in nim.made if one not in {"task_log", "agent_files"}] == ["task_runs", "recent_task_runs"]


async def test_nothing_read_is_unknown():
    nim = world(EXPIRED)
    nim.denied = {
        "task_runs",
        "recent_task_runs",
        "jobs",
        "tasks",
        "steps",
        "connectors",
        "resource_types",
        "entity_types",
    }
    assert (await ask(nim)).certainty is Certainty.UNKNOWN
