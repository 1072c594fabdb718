"""Symptom 1, row by row of the decision table (troubleshooting 2.1)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.diagnosis.job_run import examine_run
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import exports
from bot.model.file import AgentFile, FileVersion, Folder
from bot.model.finding import ActionKind, Certainty
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
    nim.logs = {"1": [text] if text else []}
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
