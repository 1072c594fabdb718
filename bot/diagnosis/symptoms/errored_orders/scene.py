"""What stood around a group of failed orders: what else passed, where, and since when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.diagnosis.grouping import LikeOrders, containers, parent_of
from bot.diagnosis.symptoms.errored_orders.evidence import (
    Evidence,
    LaterFault,
    Looked,
    container_of,
    last_synchronization,
    move_refused,
    synchronizations,
)
from bot.diagnosis.verification import sent_in
from bot.model.job import TaskRun
from bot.model.order import Order


@dataclass(frozen=True, slots=True)
class Scene:
    """The evidence as it bears on one group. What passed in the run says nothing of a group that failed in another."""

    group: LikeOrders
    exact: bool
    containers: tuple[tuple[str, int], ...]
    """Where the orders' accounts stand or are to stand, as far as it is known."""
    failed_in_run: int
    """Orders of the group whose newest error is of the run in question."""
    passed_read: bool
    passed_exact: bool
    passed_same: int
    """Like orders (resource type and change) that passed in the same run."""
    passed_same_in: tuple[str, ...]
    passed_other: int
    passed_since: int
    """Like orders that passed after the group's last failure: the cause may be gone."""
    later: LaterFault | None
    other_families: frozenset[str]
    """Families of the errors of the same connector in the same run, other than the group's own."""
    validity_minutes: int | None
    oldest_act: datetime | None
    newest_act: datetime | None
    last_sync: TaskRun | None
    complete_since: bool
    """A complete synchronization has ended well since the last of them was carried out."""
    syncs_read: bool
    looked: Looked | None
    moves: bool
    """Every order whose values were read was to move its account to a container that is not there."""
    values_read: bool

    @property
    def placed(self) -> bool:
        """Whether the container of every order is known."""
        return bool(self.containers) and sum(count for _, count in self.containers) == len(self.group)

    @property
    def passed_any(self) -> int:
        return self.passed_same + self.passed_other


def scene_of(group: LikeOrders, groups: tuple[LikeOrders, ...], seen: Evidence) -> Scene:
    run = seen.run
    same = _same_kind(group)
    failed_in_run = sum(1 for order in group.orders if _newest_run(order) == (run.id if run else None))
    passed = seen.passed if failed_in_run else None
    in_run = [
        order
        for order in passed or ()
        if run is not None
        and sent_in(run, order.performed_at)
        and seen.landscape.connector_of(order) == group.connector_id
    ]
    acts = [order.performed_at for order in group.orders if order.performed_at]
    last = max(acts, default=run.ended_at if run else None)
    since = [
        order
        for order in seen.since or ()
        if same(order) and last is not None and order.performed_at is not None and order.performed_at > last
    ]
    found = seen.landscape.resource_type(group.orders[0].resource_type_id)
    looked = seen.looked
    if looked is not None and (looked.error_class, looked.resource_type, looked.change) != (
        group.kind.error_class,
        group.resource_type,
        group.change,
    ):
        looked = None
    pages = [page for page in (seen.orders, seen.like) if page is not None]
    return Scene(
        group=group,
        exact=all(page.exact for page in pages) and (seen.subject.order_id is None or seen.like is not None),
        containers=_containers(group, seen),
        failed_in_run=failed_in_run,
        passed_read=passed is not None,
        passed_exact=passed is not None and passed.exact,
        passed_same=sum(1 for order in in_run if same(order)),
        passed_same_in=tuple(sorted({parent_of(o.resource_dn) for o in in_run if same(o) and o.resource_dn})),
        passed_other=sum(1 for order in in_run if not same(order)),
        passed_since=len(since),
        later=seen.later if seen.later and seen.later.connector_id == group.connector_id else None,
        other_families=frozenset(
            other.kind.family
            for other in groups
            if other is not group
            and other.connector_id == group.connector_id
            and run is not None
            and any(_newest_run(order) == run.id for order in other.orders)
        )
        - {group.kind.family},
        validity_minutes=found.validity_minutes if found else None,
        oldest_act=min(acts, default=None) if len(acts) == len(group.orders) else None,
        newest_act=max(acts, default=None) if len(acts) == len(group.orders) else None,
        last_sync=last_synchronization(seen.syncs),
        complete_since=_complete_since(seen, max(acts, default=None)),
        syncs_read=seen.syncs is not None,
        looked=looked,
        moves=_moves(group, seen),
        values_read=any(order.id in seen.properties for order in group.orders),
    )


def _complete_since(seen: Evidence, last: datetime | None) -> bool:
    complete = {run.id for run in seen.runs if (job := seen.landscape.job(run.job_id)) and not job.is_incremental}
    return last is not None and any(
        one.job_run_id in complete and one.started_at is not None and one.started_at > last
        for one in synchronizations(seen.syncs)
    )


def _moves(group: LikeOrders, seen: Evidence) -> bool:
    read = [order for order in group.orders if order.id in seen.properties]
    return bool(read) and all(move_refused(order, seen.properties[order.id]) for order in read)


def _same_kind(group: LikeOrders) -> Callable[[Order], bool]:
    def same(order: Order) -> bool:
        return (order.resource_type, order.change) == (group.resource_type, group.change)

    return same


def _newest_run(order: Order) -> str | None:
    return order.error.job_run_id if order.error else None


def _containers(group: LikeOrders, seen: Evidence) -> tuple[tuple[str, int], ...]:
    places = [container_of(order, seen.properties.get(order.id)) for order in group.orders]
    return containers(f"CN=x,{place}" for place in places if place)
