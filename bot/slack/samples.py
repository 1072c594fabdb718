"""Views as they come from the use cases, made up: what `bot.slack.examples` draws."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.model.action import Action, ActionState, TaskProgress, Verdict, Wish
from bot.model.actor import Place
from bot.model.answer import Answer, AnswerKind, Cell, Choice, RequestMade, Row, Section
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Group, Link, Missing, Offer, Remark
from bot.model.ids import ActionId, IncidentId, JobId, JobRunId, TaskRunId
from bot.model.incident import Incident, IncidentState, RunTrouble
from bot.model.intent import Intent, Verb
from bot.model.job import RunState, TaskKind
from bot.model.request import HelpRequest, RequestState
from bot.model.view import Confirmation, Figure, Problem

NIGHT: Final = datetime(2026, 3, 3, 2, 14, tzinfo=UTC)
ENV, LABEL = "production", "PRODUCTION"
RIGHTS: Final = "The user has insufficient access rights. 00000005: SecErr: DSID-031A11CA, problem 4003 (INSUFF_ACCESS)"
EXISTS: Final = "The object already exists. 00002071: UpdErr: DSID-031B0D7C, problem 6005 (ENTRY_EXISTS), data 0"
REQUESTS: Final = (
    RequestMade("GET", "/api/Job/JobInstance", "join Job j select Id, State top 20", 200, 31, 20),
    RequestMade(
        "GET", "/api/ProvisioningPolicy/AssignedResourceType", "where ProvisioningState=3 top 1000", 200, 88, 162
    ),
)


def deletions() -> Group:
    return Group(
        key="AD_Entry_NominativeUser|delete|rights/insufficient",
        error_class="rights",
        cause="5b",
        certainty=Certainty.CONFIRMED,
        count=150,
        exact=True,
        resource_type="AD_Entry_NominativeUser",
        change_type="delete",
        sample=RIGHTS,
        title="150 deletions: the service account may not delete in OU=Leavers",
        text="Every deletion under OU=Leavers was refused; 37 other changes passed in the same run",
        next="The AD team grants Delete on OU=Leavers to svc-nim; then test with one",
        evidence=(
            Fact("Refused", "150 of 150 deletions, all under OU=Leavers", "run 48260", NIGHT),
            Fact("Leroy, Anne", "left on Friday, account still exists", "order 771203", NIGHT, private=True),
        ),
        offers=(
            Offer(
                ActionKind.UNBLOCK_ONE,
                "771203",
                "Test with 1 of 150",
                seen="errored/48260/",
                subject="Leroy, Anne · delete AD account",
            ),
        ),
        containers=("OU=Leavers,DC=corp,DC=example",),
        order_ids=tuple(str(771203 + number) for number in range(150)),
        sample_people=("Leroy, Anne", "Mercier, Paul", "Adam, Nina"),
    )


def creations() -> Group:
    return replace(
        deletions(),
        key="AD_Entry_NominativeUser|create|data/duplicate",
        error_class="data/duplicate",
        cause="5e",
        certainty=Certainty.LIKELY,
        count=12,
        change_type="create",
        sample=EXISTS,
        title="12 creations: the login already exists",
        text="The account was created by hand, or the rule that computes logins is not unique",
        next="Look up who holds the login",
        evidence=(Fact("Refused", "12 of 12 creations", "run 48260", NIGHT),),
        offers=(
            Offer(
                ActionKind.UNBLOCK_ONE,
                "771401",
                "Test with 1 of 12",
                seen="errored/48260/",
                subject="Doe, John · create",
            ),
        ),
        order_ids=tuple(str(771401 + number) for number in range(12)),
        sample_people=("Doe, John",),
    )


def errored_orders() -> Finding:
    return Finding(
        symptom=5,
        cause="5b",
        certainty=Certainty.CONFIRMED,
        title="162 of 199 changes to AD were refused",
        text="Two causes: the service account may not delete in OU=Leavers, and 12 logins exist already",
        next="The AD team grants the right; then test with one of the deletions",
        verify="The tested order is executed by our run and verified by the next synchronization",
        evidence=(Fact("Passed", "37 of 199 changes", "run 48260", NIGHT),),
        ruled_out=(Remark("5c", "network and password: 37 changes passed in the same run"),),
        groups=(deletions(), creations()),
        offers=(
            Offer(ActionKind.RELAUNCH, "12", "Relaunch job", allowed=False, why_not="needs an operator", seen="48260"),
            Offer(ActionKind.DETAILS, "48260", "Details"),
            Offer(ActionKind.TICKET_TEXT, "48260", "Ticket text"),
        ),
        links=(Link("Provisioning Review", "Home › Administration › Provisioning Review"),),
        say_to_caller="We know of it and it is being repaired; you need not call again",
        as_of=NIGHT + timedelta(minutes=1),
    )


def unknown() -> Finding:
    return Finding(
        symptom=None,
        cause=None,
        certainty=Certainty.UNKNOWN,
        title="The job failed, and I cannot tell why",
        text="The failed task left no text that I can read",
        title_public="The job failed, and I cannot tell why",
        next="An administrator looks into the task's log on the agent",
        evidence=(Fact("Task", "Fulfill AD ended in error", "run 48260", NIGHT),),
        contributing=(Remark("1c", "the export file is a week old"),),
        missing=(Missing("the task's log", "this installation shows none", "the agent's Work folder"),),
        links=(Link("Job", "Connectors › AD › Jobs", "https://identity.example.com/jobs/12"),),
        more=(replace(errored_orders(), groups=(), certainty=Certainty.POSSIBLE),),
    )


def answer_about(finding: Finding) -> Answer:
    return Answer(
        kind=AnswerKind.FINDING,
        title=finding.title,
        text=finding.text,
        env=ENV,
        env_label=LABEL,
        next=finding.next,
        finding=finding,
        requests=REQUESTS,
        as_of=finding.as_of,
        intent=Intent(Verb.WHY, "leroy", ENV),
    )


def listing() -> Answer:
    rows = tuple(
        Row(
            title=name,
            mark=mark,
            cells=(Cell("ended", at=NIGHT), Cell(f"run {48260 + number}"), Cell("started by N. Adam", private=True)),
            opens=Intent(Verb.JOB, name),
        )
        for number, (name, mark) in enumerate(
            (("AD_Provisioning", "errored"), ("HR_Daily", "blocked"), ("Entra_Delta", "warning"))
        )
    )
    person = Row("Leroy, Anne", cells=(Cell("order 771203"),), private=True, title_public="order 771203")
    return Answer(
        kind=AnswerKind.LIST,
        title="3 jobs failed",
        text="Each line is a job's newest run in the last three days.",
        env=ENV,
        env_label=LABEL,
        next="Press one to see its tasks and what is wrong with it.",
        sections=(
            Section("Last run failed", rows, more=4, at_least=True),
            Section("People", (person,), more=None, note="newest first"),
        ),
        as_of=NIGHT,
        requests=REQUESTS,
        intent=Intent(Verb.JOBS, "failed", ENV),
    )


def status() -> Answer:
    return replace(
        listing(),
        title="PRODUCTION needs a look",
        intent=Intent(Verb.STATUS, env=ENV),
        sections=(
            Section(
                "PRODUCTION",
                (
                    Row("AD", mark="failed", cells=(Cell("provisioning ended", at=NIGHT), Cell("162 orders errored"))),
                    Row("HR", mark="ok", cells=(Cell("synchronised", at=NIGHT),)),
                ),
            ),
        ),
    )


def help_() -> Answer:
    rows = (
        Row(
            "/nim order ID",
            cells=(Cell("One order's diagnosis"), Cell("/nim order 771203"), Cell("/nim order leroy AD")),
        ),
        Row("/nim jobs [failed|running]", cells=(Cell("The jobs and how their last runs ended"),)),
    )
    return Answer(
        kind=AnswerKind.HELP,
        title="What I can do for you",
        text="The same works in words, in a direct message to me.",
        next="Add “in NAME” to ask about another environment.",
        sections=(Section("Commands", rows),),
        shareable=False,
    )


def choice() -> Answer:
    return Answer(
        kind=AnswerKind.CHOICE,
        title="Two people fit “leroy”",
        text="Which one?",
        env=ENV,
        env_label=LABEL,
        choices=(
            Choice("Leroy, Anne", Intent(Verb.USER, "aleroy"), "aleroy · left on Friday"),
            Choice("Leroy, Paul", Intent(Verb.USER, "pleroy"), "pleroy"),
        ),
        intent=Intent(Verb.USER, "leroy", ENV),
        shareable=False,
    )


def refused() -> Answer:
    return Answer(
        kind=AnswerKind.REFUSED,
        title="Not allowed",
        text="You may read, not change. Nothing was sent to Identity Manager.",
        next="Ask @iam-operators.",
        offers=(Offer(ActionKind.ASK_OPERATOR, "unblock 771203", "Ask an operator"),),
        intent=Intent(Verb.UNBLOCK, "771203", ENV),
        shareable=False,
    )


def unavailable() -> Answer:
    return Answer(
        kind=AnswerKind.UNAVAILABLE,
        title="Identity Manager could not be read",
        text="It answered 503 three times. Nothing was changed.",
        next="Ask again in a minute.",
        env=ENV,
        env_label=LABEL,
        missing=(Missing("the orders", "Identity Manager is busy"),),
        intent=Intent(Verb.ORDERS, "errored", ENV),
        shareable=False,
    )


def incident() -> Incident:
    return Incident(
        id=IncidentId(7),
        env=ENV,
        fingerprint="production/12/failed",
        job_id=JobId("12"),
        job_name="AD_Provisioning",
        state=IncidentState.OPEN,
        trouble=RunTrouble.FAILED,
        opened_at=NIGHT,
        run_ids=(JobRunId("48260"),),
        channel="C0ALERTS01",
        finding=errored_orders(),
    )


def still_open() -> Incident:
    return replace(
        incident(),
        trouble=RunTrouble.FAILED_INSIDE,
        run_ids=(JobRunId("48260"), JobRunId("48271")),
        last_run_state=RunState.COMPLETED,
        last_run_at=NIGHT + timedelta(days=1),
        open_orders=161,
        history=("1 order executed and verified",),
    )


def closed() -> Incident:
    return replace(still_open(), state=IncidentState.CLOSED, closed_at=NIGHT + timedelta(days=1), open_orders=0)


def wish(kind: ActionKind = ActionKind.UNBLOCK_ONE, *, run_job: bool = True) -> Wish:
    return Wish(
        env=ENV,
        kind=kind,
        target="771203",
        seen="errored/48260/",
        team_id="T0NIM0001",
        user_id="U0OMAR00001",
        place=Place("C0ALERTS01"),
        run_job=run_job,
        job_id=JobId("12"),
        incident_id=IncidentId(7),
        error_before=RIGHTS,
        subject="Leroy, Anne · delete AD account",
        label="Order 771203 · AD_Entry_NominativeUser · delete",
        role="an operator",
    )


def action(state: ActionState, verdict: Verdict | None = None, *, tasks: int = 0, **more: object) -> Action:
    names = (("Generate AD orders", TaskKind.GENERATE), ("Fulfill AD", TaskKind.FULFILL))
    last = RunState.ERRORED if verdict in {Verdict.REFUTED, Verdict.REFUTED_OTHERWISE} else RunState.COMPLETED
    states = (RunState.COMPLETED, RunState.RUNNING if verdict is None else last)
    at = NIGHT + timedelta(hours=7)
    made = Action(
        id=ActionId(3),
        wish=wish(),
        state=state,
        asked_at=at,
        unblocked_at=at + timedelta(seconds=1) if state is not ActionState.ASKED else None,
        launched_at=at + timedelta(seconds=2) if tasks else None,
        run_id=JobRunId("48271") if tasks else None,
        run_ended_at=at + timedelta(seconds=40) if verdict else None,
        verdict=verdict,
        tasks=tuple(
            TaskProgress(
                TaskRunId(str(number)),
                name,
                kind,
                states[number],
                at + timedelta(seconds=3 + 9 * number),
                None if states[number] is RunState.RUNNING else at + timedelta(seconds=11 + 9 * number),
            )
            for number, (name, kind) in enumerate(names[:tasks])
        ),
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of Action, by name


def actions() -> dict[str, Action]:
    """One example of each state and verdict."""
    done, verified = ActionState.DONE, NIGHT + timedelta(hours=8)
    run = {"wish": wish(ActionKind.RELAUNCH), "unblocked_at": None}
    return {
        "asked": action(ActionState.ASKED),
        "waiting": action(ActionState.UNBLOCKED, waits_because="a run of the connector is in progress"),
        "running": action(ActionState.RUNNING, tasks=2),
        "executed": action(ActionState.AWAITING_VERIFICATION, Verdict.EXECUTED, tasks=2),
        "verified": action(done, Verdict.VERIFIED, tasks=2, verified_at=verified),
        "refuted": action(done, Verdict.REFUTED, tasks=2, error_after=RIGHTS),
        "refuted_otherwise": action(done, Verdict.REFUTED_OTHERWISE, tasks=2, error_after=EXISTS),
        "blocked_again": action(done, Verdict.BLOCKED_AGAIN, tasks=2),
        "inconclusive": action(done, Verdict.INCONCLUSIVE, tasks=2, said="The order was never sent."),
        "released": action(done, Verdict.RELEASED, wish=wish(run_job=False)),
        "refused": action(ActionState.REFUSED, said="The order is verified since 02:20.", unblocked_at=None),
        "unknown": action(ActionState.UNKNOWN, said="The answer to the launch was lost."),
        "run_green": action(done, Verdict.RUN_SUCCEEDED, tasks=2, run_state=RunState.COMPLETED, **run),
        "run_failed": action(done, Verdict.RUN_FAILED, tasks=2, run_state=RunState.ERRORED, **run),
    }


def confirmation() -> Confirmation:
    return Confirmation(
        kind=ActionKind.UNBLOCK_ONE,
        title="Test with 1 of 150",
        env_label=LABEL,
        what="deletes 1 AD account",
        subject="Leroy, Anne · left on Friday",
        untouched=149,
        pending_others=0,
        job_name="AD_Provisioning",
        reversible=False,
        reversible_how="a deleted account does not come back by itself",
        error=RIGHTS,
        figures=(Figure("Resource type", "AD_Entry_NominativeUser"),),
        warnings=("the error that it had is not repaired as far as I can see",),
        switch=Intent(Verb.UNBLOCK, "771203 only", ENV, "errored/48260/"),
        as_of=NIGHT,
    )


def help_request() -> HelpRequest:
    return HelpRequest(
        id=4,
        key="U0NADIA0001|unblock|771203",
        state=RequestState.OPEN,
        asked_at=NIGHT,
        team_id="T0NIM0001",
        user_id="U0NADIA0001",
        intent=Intent(Verb.UNBLOCK, "771203", ENV, "errored/48260/"),
        place=Place("C0ALERTS01"),
        note="Her manager called twice.",
        ticket="INC0042",
        label="Test with 1 of 150",
    )


def problem() -> Problem:
    return Problem(
        say="You may read, not change",
        next_step="Ask @iam-operators.",
        reference="7f3a",
        ask=Intent(Verb.UNBLOCK, "771203", ENV),
        fresh=Intent(Verb.ORDER, "771203", ENV),
        choices=(("order 771203", Intent(Verb.ORDER, "771203", ENV)),),
    )
