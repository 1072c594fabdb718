"""`status`, and `/nim` alone: health in one look, every environment side by side."""

import asyncio
from dataclasses import dataclass

from bot.desk.command import Asking, Command, Facts
from bot.desk.freshness import STALE, Seen, freshness
from bot.desk.jobs import state_word
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.words import counted
from bot.model.answer import Answer, AnswerKind, Cell, RequestMade, Row, Section
from bot.model.finding import Missing
from bot.model.intent import Intent, Verb
from bot.model.job import TROUBLED, JobRun
from bot.model.order import Order, OrderState
from bot.model.page import Page
from bot.ports import Environment, NimReads

MOST_FAILED = 5
COUNTED_UP_TO = 1_000


@dataclass(frozen=True, slots=True)
class Health:
    env: Environment
    land: Landscape
    runs: Page[JobRun] | None
    errored: Page[Order] | None
    blocked: Page[Order] | None
    missing: tuple[Missing, ...]
    requests: tuple[RequestMade, ...]


async def run(asking: Asking) -> Answer:
    around = asking.desk.around
    wanted = [asking.env] if asking.intent.env else list(around.environments.values())
    healths = await asyncio.gather(*(_health(env, env.reads()) for env in wanted))
    sections = tuple(_section(one, around.facts[one.env.name]) for one in healths)
    troubled = [one for one in healths if _trouble(one)]
    title = "All quiet" if not troubled else "; ".join(_trouble(one) for one in troubled)
    read_at = [page.read_at for one in healths for page in (one.runs, one.errored) if page is not None]
    return Answer(
        kind=AnswerKind.LIST,
        title=title,
        text="Each line can be opened." if any(section.rows for section in sections) else "Nothing could be read.",
        next="For one person or order: /nim why NAME"
        if not troubled
        else "Look first at what failed: /nim orders errored",
        sections=sections,
        missing=tuple(missing for one in healths for missing in one.missing),
        requests=tuple(request for one in healths for request in one.requests),
        as_of=min(read_at, default=None),
    )


async def _health(env: Environment, nim: NimReads) -> Health:
    reads = Reads()
    land, runs, errored, blocked = await asyncio.gather(
        landscape(nim.catalogue, reads),
        reads.attempt(nim.latest_runs(), "the last runs of the jobs"),
        reads.attempt(nim.orders(errored=True, limit=COUNTED_UP_TO), "the errored orders"),
        reads.attempt(
            nim.orders(states=[OrderState.AWAITING_APPROVAL], limit=COUNTED_UP_TO), "the orders that await approval"
        ),
    )
    return Health(env, land, runs, errored, blocked, reads.missing, tuple(nim.requests))


def _trouble(one: Health) -> str:
    """What a person should know first; empty when all is quiet."""
    said = []
    failed = [run for run in one.runs or () if run.state in TROUBLED]
    if failed:
        said.append(counted(len(failed), "job") + " failed")
    if one.errored is not None and len(one.errored):
        said.append(counted(len(one.errored), "errored order", exact=one.errored.exact))
    if one.runs is None:
        said.append("Identity Manager could not be read")
    return f"{one.env.label}: {', '.join(said)}" if said else ""


def _section(one: Health, facts: Facts) -> Section:
    rows = [*_failed_rows(one), *_order_rows(one), *_connector_rows(one, facts)]
    return Section(title=one.env.label or one.env.name, rows=tuple(rows), note="".join(m.why for m in one.missing[:1]))


def _failed_rows(one: Health) -> list[Row]:
    rows = []
    for run in one.runs or ():
        job = one.land.job(run.job_id)
        if run.state in TROUBLED and job is not None:
            rows.append(
                Row(
                    title=job.name or job.identifier,
                    mark=state_word(run),
                    cells=(Cell("ended", at=run.ended_at or run.started_at), Cell(f"run {run.id}")),
                    opens=Intent(Verb.JOB, thing=job.identifier, env=one.env.name),
                )
            )
    return rows[:MOST_FAILED]


def _order_rows(one: Health) -> list[Row]:
    rows = []
    for title, page, thing in (("Errored orders", one.errored, "errored"), ("Blocked orders", one.blocked, "blocked")):
        if page is None:
            rows.append(Row(title=title, mark="not readable"))
            continue
        rows.append(
            Row(
                title=title,
                mark="none" if not len(page) else f"{len(page):,}" if page.exact else f"at least {len(page):,}",
                opens=Intent(Verb.ORDERS, thing=thing, env=one.env.name) if len(page) else None,
            )
        )
    return rows


def _connector_rows(one: Health, facts: Facts) -> list[Row]:
    if one.runs is None:
        return []
    seen = Seen(one.land, one.runs, one.env.now(), facts.site.timezone)
    rows = []
    for connector in one.land.connectors:
        said = [
            cell
            for incremental in (True, False)
            if (cell := freshness(seen, connector, incremental=incremental)) is not None
        ]
        if connector.deactivated:
            said.insert(0, Cell("deactivated"))
        if connector.sync_blocked:
            said.insert(0, Cell("synchronization blocked by a threshold"))
        stale = any(cell.text.startswith(STALE) for cell in said)
        if said:
            mark = "blocked" if connector.sync_blocked else "stale" if stale else "fresh"
            rows.append(Row(title=connector.name or connector.identifier, mark=mark, cells=tuple(said)))
    return rows


COMMAND = Command(
    verb=Verb.STATUS,
    run=run,
    usage="status",
    summary="Every environment in one look: jobs, synchronizations, blocked and errored orders",
    examples=("status", "status --env test"),
    words=("health", "état", "statut"),
)
DESK = Command(verb=Verb.DESK, run=run)
