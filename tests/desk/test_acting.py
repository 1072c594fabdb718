"""What may be written, and when: the last look, the modal's figures and the stored action (safety rules 1, 2, 8 and 9)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from bot import environments
from bot.access import cumulative
from bot.desk.commands import COMMANDS, WRITES
from bot.desk.confirm import Prepared, Started
from bot.desk.contract import as_object
from bot.desk.desk import Desk, Surroundings
from bot.diagnosis import fingerprint
from bot.model.actor import Actor, Place, Role
from bot.model.answer import AnswerKind
from bot.model.finding import ActionKind
from bot.model.ids import JobId
from bot.model.intent import Intent, Verb
from bot.model.order import ChangeType, OrderState
from bot.ports import Environment
from bot.settings import Settings
from bot.store.store import Store
from sandbox.identity_manager.server.running import RunningSandbox, start_sandbox
from tests.quiet import seconds_to_move

pytestmark = pytest.mark.asyncio(loop_scope="module")
HERE = Place(channel="C1")


def somebody(*roles, user="U1"):
    return Actor("T1", user, cumulative(roles))


VIEWER, OPERATOR, APPROVER = somebody(Role.VIEWER), somebody(Role.OPERATOR), somebody(Role.APPROVER)


@dataclass
class Bench:
    desk: Desk
    env: Environment
    store: Store
    sandbox: RunningSandbox

    async def errored(self, change):
        """An order of the failed run, as `orders errored` shows it."""
        page = await self.env.reads().orders(errored=True)
        return next(one for one in page if one.change is change)

    async def job(self, identifier):
        return next(one for one in await self.env.reads().catalogue.jobs() if one.identifier == identifier)

    def written(self):
        return [
            one["path"]
            for one in self.sandbox.server.requests
            if one["method"] not in {"GET", "HEAD"} and "token" not in one["path"]
        ]


def _to_a_quiet_moment(sandbox: RunningSandbox) -> None:
    world = sandbox.world
    while (due := world.next_scheduled()) and (left := seconds_to_move(world.now(), due.at)):
        world.advance(left)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory) -> AsyncIterator[Bench]:
    sandbox = await start_sandbox("leavers-rights", speed=0)
    _to_a_quiet_moment(sandbox)
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('desk')}/nimdesk.db")
    one = {name: getattr(sandbox, name) for name in ("url", "client_id", "client_domain", "client_secret")}
    settings = Settings.model_validate({"environments": {"production": {"label": "PRODUCTION", **one}}})
    async with environments.opened(settings) as envs:
        around = Surroundings(
            environments=envs,
            facts=environments.facts(settings),
            commands=COMMANDS,
            writes=WRITES,
            actions=store.actions,
            incidents=store.incidents,
            audit=store.audit,
            now=lambda: datetime.now(UTC),
            whom_to_ask={Role.OPERATOR: "@iam-operators", Role.APPROVER: "@iam-owners"},
        )
        yield Bench(Desk(around), envs["production"], store, sandbox)
    await store.close()
    await sandbox.close()


async def test_a_viewer_is_refused_with_the_reason_and_whom_to_ask(bench):
    order = await bench.errored(ChangeType.DELETE)

    answer = await bench.desk.prepare(VIEWER, Intent(Verb.UNBLOCK, order.id))

    assert answer.kind is AnswerKind.REFUSED
    assert "Nothing was sent to Identity Manager" in answer.text
    assert "@iam-operators" in answer.next
    assert bench.written() == []


async def test_who_audits_acts_never_whatever_else_they_are(bench):
    order = await bench.errored(ChangeType.DELETE)
    both = somebody(Role.AUDITOR, Role.APPROVER)

    answer = await bench.desk.act(both, Intent(Verb.UNBLOCK, order.id), HERE)

    assert answer.kind is AnswerKind.REFUSED
    assert await bench.store.actions.unfinished() == []


async def test_the_modal_holds_live_figures_of_one_deletion(bench):
    order = await bench.errored(ChangeType.DELETE)

    ready = await bench.desk.prepare(OPERATOR, Intent(Verb.UNBLOCK, order.id))

    assert isinstance(ready, Prepared)
    shown = ready.confirmation
    assert (shown.kind, shown.env_label, shown.untouched) == (ActionKind.UNBLOCK_ONE, "PRODUCTION", 149)
    assert (shown.pending_others, shown.run_job) == (0, True)
    assert shown.job_name
    assert shown.reversible is False or shown.reversible_how
    assert ready.intent.seen
    assert bench.written() == []


async def test_an_order_that_changed_since_it_was_drawn_is_left_alone_and_shown_afresh(bench):
    order = await bench.errored(ChangeType.DELETE)

    answer = await bench.desk.act(OPERATOR, Intent(Verb.UNBLOCK, order.id, seen="7|1|another"), HERE)
    again = await bench.desk.act(OPERATOR, Intent(Verb.UNBLOCK, order.id, seen=f"{order.code}|1|another"), HERE)
    seen = fingerprint.order_fingerprint(await bench.env.reads().order(order.id)).replace("delete", "update")
    other = await bench.desk.act(OPERATOR, Intent(Verb.UNBLOCK, order.id, seen=seen), HERE)

    assert "has changed since you looked: it is errored now" in answer.title
    assert "has changed since you looked: it failed again" in again.title
    assert "has changed since you looked: it is errored now" in other.title, "the same error of the same run"
    assert "Nothing was done" in answer.title
    assert [one.intent.verb for one in answer.choices] == [Verb.ORDER]
    assert await bench.store.actions.unfinished() == []


async def test_an_order_that_went_well_has_nothing_to_unblock(bench):
    page = await bench.env.reads().orders(states=[OrderState.EXECUTED, OrderState.VERIFIED], limit=1)

    answer = await bench.desk.prepare(OPERATOR, Intent(Verb.UNBLOCK, page.items[0].id))

    assert "nothing to unblock" in answer.title


async def test_two_people_who_press_at_once_make_one_action(bench):
    order = await bench.errored(ChangeType.CREATE)
    ready = await bench.desk.prepare(OPERATOR, Intent(Verb.UNBLOCK, order.id))

    first = await bench.desk.act(OPERATOR, ready.intent, HERE, "the right was granted")
    second = await bench.desk.act(somebody(Role.OPERATOR, user="U2"), ready.intent, HERE)

    assert isinstance(first, Started)
    assert isinstance(second, Started)
    assert (first.new, second.new) == (True, False)
    assert first.action.id == second.action.id
    assert (first.action.wish.reason, first.action.wish.role) == ("the right was granted", "operator")
    assert bench.written() == [], "the driver writes, after the row is stored"


async def test_while_one_of_a_group_is_tested_no_second_one_is(bench):
    page = await bench.env.reads().orders(errored=True)
    creations = [one for one in page if one.change is ChangeType.CREATE]
    ready = await bench.desk.prepare(OPERATOR, Intent(Verb.UNBLOCK, creations[0].id))
    if isinstance(ready, Prepared):
        await bench.desk.act(OPERATOR, ready.intent, HERE)

    answer = await bench.desk.prepare(OPERATOR, Intent(Verb.UNBLOCK, creations[1].id))

    assert not isinstance(answer, Prepared)
    assert "Nothing was done" in answer.title


async def test_a_relaunch_tells_what_the_job_does_and_when_it_ran(bench):
    job = await bench.job("AD_Provisioning")

    ready = await bench.desk.prepare(OPERATOR, Intent(Verb.RELAUNCH, job.identifier))

    assert isinstance(ready, Prepared), ready
    figures = {one.label: one.value for one in ready.confirmation.figures}
    assert "errored" in figures["Last run"]
    assert "fulfill" in figures["Tasks"]
    assert ready.confirmation.reversible is False


async def test_a_job_that_ran_since_it_was_drawn_is_not_relaunched(bench):
    job = await bench.job("AD_Provisioning")

    answer = await bench.desk.act(OPERATOR, Intent(Verb.RELAUNCH, job.identifier, seen="1"), HERE)

    assert "has run since this was drawn" in answer.title


async def test_count_all_reads_to_the_end_and_tells_exact_groups(bench):
    *_, last = [one async for one in bench.desk.count(VIEWER, Intent(Verb.COUNT_ALL, "errored"))]

    assert last.title.startswith("162 ")
    assert [row.title.split()[0] for row in last.sections[0].rows] == ["150", "12"]


async def test_who_has_no_role_counts_nothing(bench):
    (answer,) = [one async for one in bench.desk.count(somebody(), Intent(Verb.COUNT_ALL, "errored"))]

    assert answer.kind is AnswerKind.REFUSED


async def test_names_behind_a_card_are_shown_to_the_asker_and_recorded(bench):
    await bench.desk.show(VIEWER, Intent(Verb.ORDERS, "errored"))

    records = [one async for one in bench.store.audit.since()]
    assert [(one.event.value, one.user_id, one.kind) for one in records][-1] == ("shown", "U1", "orders")


async def test_a_ticket_text_names_no_person_beyond_the_login(bench):
    order = await bench.errored(ChangeType.DELETE)
    answer = await bench.desk.answer(VIEWER, Intent(Verb.ORDER, order.id))

    title, text = bench.desk.ticket(answer)

    assert order.id in title + text
    assert order.owner_name
    assert order.owner_name not in title + text


async def test_a_finding_prints_the_fields_of_the_contract(bench):
    told = as_object(await bench.desk.answer(VIEWER, Intent(Verb.ORDERS, "errored")))

    promised = "kind env symptom cause certainty contributing ruled_out title text next verify evidence groups offers"
    assert set(f"{promised} missing as_of requests".split()) <= set(told)
    assert [(one["count"], one["exact"]) for one in told["groups"]] == [(150, True), (12, True)]


async def test_an_unknown_environment_and_an_unknown_order_are_told(bench):
    elsewhere = await bench.desk.prepare(OPERATOR, Intent(Verb.UNBLOCK, "1", env="moon"))
    nothing = await bench.desk.prepare(OPERATOR, Intent(Verb.UNBLOCK, "999999999"))

    assert "no environment “moon”" in elsewhere.title
    assert nothing.kind is AnswerKind.ANSWER
    assert "has no such" in nothing.title or "knows no such" in nothing.title


async def test_nothing_is_done_while_a_run_of_the_connector_is_in_progress(bench):
    job = await bench.job("AD_Provisioning")
    order = await bench.errored(ChangeType.DELETE)
    await bench.env.writes.run_job(JobId(job.id))

    answers = [
        await bench.desk.prepare(APPROVER, Intent(Verb.UNBLOCK, order.id)),
        await bench.desk.act(APPROVER, Intent(Verb.RELAUNCH, job.identifier), HERE),
    ]

    assert ["is running" in one.title for one in answers] == [True, True]
    assert [one.choices[0].label for one in answers] == ["Try again", "Try again"]
    assert len(bench.written()) == 1, "only the launch of this test"
