"""Ways to the right screen of Identity Manager and to the vendor's own page of a symptom (nim-api chapter 8)."""

import re
from typing import Final

from bot.diagnosis.site import Site
from bot.model.finding import ActionKind, Link, Offer

_VENDOR: Final = "https://docs.netwrix.com/docs/identitymanager/6_2/user-guide/maintain/troubleshooting"
_ANCHORS: Final = {
    1: "errored-export-task",
    2: "missing-data-after-incremental-synchronization",
    3: "exceeded-thresholds",
    4: "blocked-provisioning-orders",
    5: "errored-provisioning-orders",
    6: "incorrect-provisioned-values",
    7: "exceeded-thresholds-1",
    8: "troubleshoot-entitlement-issues",
}
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


def vendor_page(symptom: int) -> Link:
    return Link("The vendor's page", "Identity Manager documentation > Troubleshoot", f"{_VENDOR}#{_ANCHORS[symptom]}")


def _link(site: Site, key: str, label: str, path: str, **values: str | None) -> Link:
    """A link by its template; without one, or with a placeholder unknown, the base address and the way in words."""
    template = site.links.get(key, "")
    known = {"base": site.base_url.rstrip("/"), **{name: value for name, value in values.items() if value}}
    if not template or any(name not in known for name in _PLACEHOLDER.findall(template)):
        return Link(label, path, known["base"])
    return Link(label, path, _PLACEHOLDER.sub(lambda found: known[found.group(1)], template))


def opening(link: Link) -> tuple[Offer, ...]:
    """The link as a button; nothing where the installation has no address."""
    return (Offer(ActionKind.OPEN, link.url, f"Open {link.label}"),) if link.url else ()


def provisioning_review(site: Site, entity_type: str = "") -> Link:
    return _link(
        site,
        "provisioning_review",
        "Provisioning Review",
        "Home > Administration > Provisioning Review",
        entityType=entity_type,
    )


def order(site: Site, order_id: str, entity_type: str = "") -> Link:
    return _link(
        site,
        "order",
        f"Order {order_id}",
        "Home > Administration > Provisioning Review",
        id=order_id,
        entityType=entity_type,
    )


def job_results(site: Site, *, run_id: str | None = None, job_id: str | None = None, connector: str = "") -> Link:
    path = f"Connectors > {connector} > Job Results" if connector else "Home > Administration > Job Execution"
    return _link(site, "job_instance", "Job Results", path, jobInstanceId=run_id, jobId=job_id)


def synchronization_changes(site: Site, run_id: str, connector: str = "") -> Link:
    path = f"Connectors > {connector or 'the connector'} > Job Results > the task > Synchronization Changes"
    return _link(site, "job_instance", "Synchronization Changes", path, jobInstanceId=run_id)


def connector(site: Site, connector_id: str, name: str) -> Link:
    return _link(site, "connector", f"Connector {name}", f"Connectors > {name}", connectorId=connector_id)


def person(site: Site, entity_type: str, resource_id: str, tab: str = "") -> Link:
    """A person's page; `tab` is one of its buttons: View Permissions, View Sources, View History."""
    path = f"the person's page > {tab}" if tab else "the person's page"
    return _link(site, "resource", tab or "The person's page", path, entityType=entity_type, id=resource_id)


def workflow_overview(site: Site, workflow_id: str = "") -> Link:
    return _link(
        site, "workflow_overview", "Workflow Overview", "Home > Administration > Workflow Overview", id=workflow_id
    )


def role_review(site: Site) -> Link:
    return _link(site, "role_review", "Role Review", "Home > Administration > Role Review")


def resource_reconciliation(site: Site) -> Link:
    return _link(
        site, "resource_reconciliation", "Resource Reconciliation", "Home > Administration > Resource Reconciliation"
    )
