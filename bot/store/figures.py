"""What the store holds, as figures for /metrics. They are read when somebody asks for them."""

from typing import Final

import structlog
from prometheus_client import Gauge

from bot.model.action import ActionState
from bot.store.store import Store

log: Final = structlog.get_logger(__name__)
_backlog: Final = Gauge("nimdesk_outbox_backlog", "Messages and edits that wait to be sent to Slack")
_actions: Final = Gauge("nimdesk_actions", "Actions by where they stand", ["state"])
_incidents: Final = Gauge("nimdesk_incidents_open", "Open incidents")


async def refresh(store: Store) -> None:
    """Brings the gauges up to date. A store that fails costs its figures, never the others."""
    try:
        backlog, states = await store.outbox.backlog(), await store.actions.count_by_state()
        incidents = await store.incidents.open_ones()
    except Exception:
        log.exception("figures of the store not read")
        return
    _backlog.set(backlog)
    _incidents.set(len(incidents))
    for state in ActionState:
        _actions.labels(state.value).set(states.get(state, 0))
