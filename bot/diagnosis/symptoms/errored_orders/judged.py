"""One group of errored orders with everything that is said of it. Pure."""

from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis import outlook
from bot.diagnosis.catalogue import wait_minutes
from bot.diagnosis.fingerprint import order_fingerprint
from bot.diagnosis.grouping import LikeOrders, canary, common_branch, public_text, short_container
from bot.diagnosis.masking import sample, shown_value
from bot.diagnosis.symptoms.errored_orders.evidence import Evidence, duplicate_in
from bot.diagnosis.symptoms.errored_orders.phrases import RULE_FAILS, Phrase, phrase_for
from bot.diagnosis.symptoms.errored_orders.rows import Row, judge, named_property
from bot.diagnosis.symptoms.errored_orders.scene import Scene, scene_of
from bot.diagnosis.words import counted, listed, noun_of, number, subject_of, verb_of
from bot.model.finding import ActionKind, Fact, Group, Offer, Outlook
from bot.model.job import JobRun, TaskKind
from bot.model.order import ChangeType, Order, OrderState

SHOWN_PEOPLE: Final = 3
_MOST_CONTAINERS: Final = 5


class Judged:
    """One group with everything that is said of it."""

    def __init__(self, like: LikeOrders, likes: tuple[LikeOrders, ...], evidence: Evidence, now: datetime) -> None:
        self.like = like
        self.evidence = evidence
        self.scene: Scene = scene_of(like, likes, evidence)
        self.row: Row = judge(self.scene, now)
        self.phrase: Phrase = (
            RULE_FAILS if self.row.name == "5i" else phrase_for(self.row.speaks_as or like.kind.error_class)
        )
        self.now = now
        self.running: JobRun | None = evidence.landscape.running_on(like.connector_id, evidence.runs)

    @property
    def where(self) -> str:
        """ " in OU=Leavers", "" where not every container is known or they have nothing in common."""
        branch = common_branch(name for name, _ in self.scene.containers) if self.scene.placed else ""
        return f" in {short_container(branch)}" if branch else ""

    def filled(self, text: str) -> str:
        connector = self.evidence.landscape.connector(self.like.connector_id)
        system = (connector.name or connector.identifier) if connector else "the target"
        owner = self.evidence.site.owners.get(connector.identifier, "") if connector else ""
        named = self._named()
        told = text.format(
            verb=verb_of(self.like.change),
            where=self.where,
            place=self.where.removeprefix(" in"),
            named=named or "value",
            owner=f"the {system} team ({owner})" if owner else f"the {system} team",
            wait=wait_minutes(self.like.kind, self.like.text) or 0,
        ).strip()
        return told[:1].upper() + told[1:] if text.startswith("{owner}") else told

    def _named(self) -> str:
        if found := named_property(self.like.text):
            return found
        if self.like.kind.error_class == "data/duplicate":
            if self.scene.looked:
                return self.scene.looked.property
            for order in self.like.orders:
                pair = duplicate_in(order, self.evidence.properties.get(order.id, ()))
                if pair:
                    return pair[0]
            return "login or mail"
        return ""

    @property
    def cause(self) -> str:
        """What completes "150 deletions: …"."""
        if self.row.name == "5h":
            return "not confirmed in time, the target reported no error"
        if not self.like.text and not self.like.rule_error:
            return "no error text was recorded"
        if self.row.fixed_already:
            return self.filled("container{place} was missing, it exists now")
        if self.row.name == "5d" and not (self.scene.placed and len(self.scene.containers) == 1):
            below = self.where.replace(" in ", " below ")
            return f"several containers{below} do not exist" if self.scene.placed else "a container does not exist"
        return self.filled(self.phrase.title)

    @property
    def next(self) -> str:
        if self.row.name == "5h" and self.scene.complete_since:
            return "A complete synchronization did not confirm them either: look at one account, then test with one."
        if self.row.name == "5h":
            return "Relaunch the synchronization first: what it confirms leaves the error by itself. Do not unblock."
        if not self.like.text and not self.like.rule_error:
            return "Open Provisioning Review and read the order's details there; no cause can be told from here."
        if self.row.fixed_already:
            return "The container exists now: test with one."
        if self._waited_enough():
            return "The pause that it needs is over: test with one."
        branches = len(self.scene.containers) > 1 and self.row.name in {"5a", "5b", "5d"}
        return self.filled(self.phrase.next) + (" A test proves its own container only." if branches else "")

    def _waited_enough(self) -> bool:
        minutes, last = wait_minutes(self.like.kind, self.like.text), self.scene.newest_act
        return minutes is not None and last is not None and self.now - last > timedelta(minutes=minutes)

    @property
    def broken(self) -> bool:
        """Whether the way to the target is known to be broken since: no order would pass."""
        return self.scene.later is not None and self.scene.later.known

    @property
    def obstacle(self) -> str:
        """What has failed on the same connector since, and why no order would pass now; "" where nothing has."""
        later = self.scene.later
        if later is None:
            return ""
        name = later.run.job_name or later.task.name
        why = f": {self.filled(phrase_for(later.kind.error_class).title)}" if later.known else ""
        return f"{name} failed in run {later.run.id} since{why}"

    @property
    def first_repair(self) -> str:
        """What has to be repaired before this group; "" where nothing is known to be in its way."""
        later = self.scene.later
        if later is None or not later.known or later.kind.family == self.like.kind.family:
            return ""
        return self.filled(phrase_for(later.kind.error_class).next).partition(";")[0]

    @property
    def count(self) -> str:
        return counted(len(self.like), noun_of(self.like.change), exact=self.scene.exact)

    def outlook(self, now: datetime) -> Outlook:
        syncs = self.evidence.landscape.jobs_of(self.like.connector_id, TaskKind.SYNCHRONIZE)
        return outlook.of_errored_orders(self.row.name, self.like.kind, syncs, now, self.evidence.site.timezone)

    def facts(self) -> tuple[Fact, ...]:
        return facts_of(self)

    def test_offer(self, chosen: Order | None, *, alone: bool = False) -> tuple[Offer, ...]:
        if chosen is None:
            return ()
        why_not = self._why_not(chosen)
        if len(self.like) == 1 or alone:
            label = "Unblock this order"
        else:
            label = f"Test with 1 of {number(len(self.like))}{'' if self.scene.exact else '+'}"
        return (
            Offer(
                ActionKind.UNBLOCK_ONE,
                chosen.id,
                label,
                allowed=not why_not,
                why_not=why_not,
                seen=order_fingerprint(chosen),
                subject=subject_of(chosen),
                danger=chosen.change is ChangeType.DELETE,
            ),
        )

    def _why_not(self, chosen: Order) -> str:
        if self.row.no_unblock:
            return self.row.no_unblock
        if chosen.state is OrderState.PENDING:
            return "It is pending again with new values: the next run sends those; then look again."
        if self.running:
            return f"Run {self.running.id} of this connector is in progress; wait until it has ended."
        return f"{self.obstacle}. Remove that first." if self.broken else ""

    def as_group(self, *, offers: bool = True) -> Group:
        return Group(
            key=self.like.key,
            error_class=self.like.kind.error_class if self.like.text else "no-text",
            cause=self.row.name,
            certainty=self.row.certainty,
            count=len(self.like),
            exact=self.scene.exact,
            resource_type=self.like.resource_type,
            change_type=self.like.change.value,
            sample=sample(self.like.text),
            sample_public=public_text(self.like.text),
            title=f"{self.count}: {self.cause}",
            text=self.row.why,
            next=self.next,
            evidence=self.facts(),
            offers=self.test_offer(canary(self.like.orders)) if offers else (),
            containers=tuple(short_container(name) for name, _ in self.scene.containers[:_MOST_CONTAINERS]),
            order_ids=tuple(order.id for order in self.like.orders),
            sample_people=tuple(order.owner_name for order in self.like.orders[:SHOWN_PEOPLE] if order.owner_name),
        )


def facts_of(judged: Judged) -> tuple[Fact, ...]:
    like, scene, evidence = judged.like, judged.scene, judged.evidence
    run = evidence.run
    at = evidence.orders.read_at if evidence.orders else None
    source = f"job run {run.id}" if run else "provisioning orders"
    facts = []
    if run is not None and scene.failed_in_run:
        attempted = scene.failed_in_run + scene.passed_same
        exact = scene.exact and scene.passed_exact
        whole = number(attempted) if exact else f"at least {number(attempted)}"
        facts.append(
            Fact(
                "Failed",
                f"{number(scene.failed_in_run)} of {whole} {noun_of(like.change)}s of {like.resource_type}"
                if scene.passed_read
                else f"{number(scene.failed_in_run)} {noun_of(like.change)}s of {like.resource_type}",
                source,
                run.ended_at or run.started_at or at,
            )
        )
    else:
        facts.append(Fact("In error", f"{judged.count} of {like.resource_type}", "provisioning orders", at))
    if like.text:
        facts.append(
            Fact(
                "Error text",
                sample(like.text),
                f"order {like.orders[0].id}",
                like.orders[0].performed_at or at,
                value_public=public_text(like.text),
            )
        )
    if like.kind.known:
        facts.append(Fact("Meaning", like.kind.advice, f"error catalogue, {like.kind.id} {like.kind.error_class}", at))
    if scene.placed:
        shown = [f"{short_container(name)} ({number(count)})" for name, count in scene.containers]
        facts.append(Fact("Containers", listed(shown), "provisioning orders", at))
    if scene.passed_read and scene.passed_other and evidence.passed:
        passed = counted(scene.passed_other, "other order", exact=scene.passed_exact)
        facts.append(
            Fact("Passed", f"{passed} of the connector passed in the same run", source, evidence.passed.read_at)
        )
    if scene.passed_since and evidence.passed:
        facts.append(
            Fact(
                "Since then",
                f"{counted(scene.passed_since, 'like order', exact=scene.passed_exact)} passed after that run",
                "provisioning orders",
                evidence.passed.read_at,
            )
        )
    if scene.later is not None:
        failed = f"{scene.later.task.name} ({scene.later.task.kind.value})"
        facts.append(Fact("Failed since", failed, f"job run {scene.later.run.id}", scene.later.run.started_at))
    if not like.text and scene.validity_minutes:
        facts.append(
            Fact("Validity period", f"{number(scene.validity_minutes)} min", f"resource type {like.resource_type}", at)
        )
    if scene.last_sync is not None and (not like.text or judged.row.name == "5d"):
        facts.append(
            Fact("Last synchronization", "completed", f"job run {scene.last_sync.job_run_id}", scene.last_sync.ended_at)
        )
    if scene.looked is not None:
        state = "is" if scene.looked.present else "is not"
        facts.append(
            Fact(
                "Looked up",
                f"{scene.looked.property} {shown_value(scene.looked.property, scene.looked.value)} {state} there"
                + (f": {scene.looked.name}" if scene.looked.name else ""),
                "synchronized data",
                scene.looked.at,
                private=like.kind.error_class == "data/duplicate",
            )
        )
    return tuple(facts)
