"""What one environment turned out to show or not, as far as the documentation leaves it open.

An optional part of a query is asked for once; an environment that rejects the query without saying why gets it again
without that part, and is not asked for it any more. `nimdesk doctor` prints the table.
"""

from collections.abc import Mapping
from enum import StrEnum


class Part(StrEnum):
    """Optional parts of queries, in words that `doctor` prints."""

    RESOURCE_TYPE_LIMITS = "thresholds of resource types"
    RESOURCE_TYPE_CONNECTION = "connection of a resource type"
    RESOURCE_TYPE_KINDS = "entity types of a resource type"
    JOB_STEPS = "steps of a job"
    JOB_TASKS = "tasks of a job's steps"
    CONNECTOR_TABLES = "tables of a connector"
    ACCOUNT_DN = "distinguished name of an account"
    LINKED_NAMES = "names of linked resources"
    SOURCE_NAMES = "names of source records"
    SOURCE_VALUES = "values of source records beside their names"
    ENTITY_PROPERTIES = "properties of entity types"
    RULE_BINDINGS = "bindings of rules"
    RULE_DIMENSIONS = "dimensions of role rules"


class Capabilities:
    def __init__(self) -> None:
        self._shown: dict[Part, bool] = {}

    def may_ask(self, part: Part) -> bool:
        """False once the environment has rejected it."""
        return self._shown.get(part, True)

    def is_known(self, part: Part) -> bool:
        return part in self._shown

    def shown(self, part: Part) -> None:
        self._shown[part] = True

    def rejected(self, part: Part) -> None:
        self._shown[part] = False

    def forget(self) -> None:
        """The next question asks for everything again."""
        self._shown.clear()

    @property
    def table(self) -> Mapping[Part, bool | None]:
        """Part → shown, not shown, or None while it has not been asked for."""
        return {part: self._shown.get(part) for part in Part}
