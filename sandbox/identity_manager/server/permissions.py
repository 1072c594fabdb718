"""Which permission path a read needs, and what a given Path lets through."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.identity_manager.interface import OpenIdClient
from sandbox.identity_manager.resources import EntityType, Resources
from sandbox.identity_manager.schema import Entity
from sandbox.identity_manager.server.auth import granted
from sandbox.identity_manager.server.problems import Problem, forbidden

_OF_ENTITY_TYPE = re.compile(
    r"/Custom/ProvisioningPolicy/(?P<screen>BulkReviewProvisioning|ReviewProvisioning|BulkReconciliateResources|"
    r"ReconciliateResources|ReviewRoles|ReconciliateRoles|RoleReview|PerformManualProvisioning)/(?P<type>\w+)",
    re.IGNORECASE,
)
_OF_RESOURCE = re.compile(
    r"/Custom/Resources/(?P<type>\w+)/(?P<screen>View|ViewOwnedResources|ViewHistory)", re.IGNORECASE
)
_PENDING = re.compile(r"/Custom/ProvisioningPolicy/PendingAssignedResourceTypes/(?P<type>\w+)", re.IGNORECASE)

UPDATE_ORDER = "/ProvisioningPolicy/AssignedResourceType/Update"
REVIEW_ORDERS = "/Custom/ProvisioningPolicy/ReviewProvisioning/{}"
CANCEL_RUN = "/Jobs/JobInstance/Update"
LAUNCH = ("/Jobs/RunJob/Launch", "/Jobs/JobInstance/Create")


@dataclass(frozen=True, slots=True)
class Scope:
    """What an authorised read may see: the owners' entity type, and the resource type's pending orders, when named."""

    owner_type: int | None = None
    pending_of: int | None = None

    @property
    def only(self) -> str:
        """A further SQL condition on the root rows; ``{t}`` is their alias."""
        return "" if self.pending_of is None else f"{{t}}.RoleId = {self.pending_of} AND {{t}}.ProvisioningState = 1"


def authorise_read(client: OpenIdClient, entity: Entity, path: str | None, resources: Resources) -> Scope:
    """Checks the Path of a list (or the entity's own path without one). Problem 403 otherwise."""
    if not path:
        _require(client, entity.permission)
        return Scope()
    _require(client, path)
    if path.casefold() == entity.permission.casefold():
        return Scope()
    if entity.owned:
        of_type = _OF_ENTITY_TYPE.fullmatch(path)
        if of_type:
            return Scope(_entity_type(of_type["type"], path, resources).id)
        of_resource = _OF_RESOURCE.fullmatch(path)
        if of_resource:
            _entity_type(of_resource["type"], path, resources)
            return Scope()
        pending = _PENDING.fullmatch(path)
        if pending and entity.name == "AssignedResourceType":
            types = resources.store.rows("ResourceType", "Identifier = ? COLLATE NOCASE", (pending["type"],))
            if types:
                return Scope(pending_of=types[0]["Id"])
            raise forbidden(path)
    raise Problem(403, f"The permission {path} does not give access to {entity.name}.")


def authorise_resource(client: OpenIdClient, kind: EntityType, path: str | None) -> None:
    """Checks the mandatory Path of ``/api/Resource/{type}``. Problem 400 without one, 403 when it is not for this
    type."""
    if not path:
        raise Problem(400, "The parameter Path is mandatory here.")
    _require(client, path)
    found = _OF_RESOURCE.fullmatch(path)
    if found is None or found["type"].casefold() != kind.identifier.casefold():
        raise Problem(403, f"The permission {path} does not give access to {kind.identifier}.")


def authorise_act(client: OpenIdClient, *paths: str, any_of: bool = False) -> None:
    """Checks what an action needs: all of the paths, or any of them."""
    missing = [p for p in paths if not granted(p, client.acts)]
    if missing and not (any_of and len(missing) < len(paths)):
        raise forbidden(missing[0])


def _require(client: OpenIdClient, path: str) -> None:
    if not granted(path, client.reads):
        raise forbidden(path)


def _entity_type(name: str, path: str, resources: Resources) -> EntityType:
    found = resources.find_type(name)
    if found is None:
        raise forbidden(path)
    return found
