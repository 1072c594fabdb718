"""Reads of a person's roles and accounts, of the rules that give them, of a request's story."""

import asyncio
from collections.abc import Sequence

from bot.model.assignment import Assignment, AssignmentKind, Decision, LinkRule, RoleRule
from bot.model.ids import ResourceId
from bot.nim.capabilities import Part
from bot.nim.reading import Reading
from bot.nim.squery import Condition
from bot.nim.wire import access as wire
from bot.nim.wire import entities, rules
from bot.nim.wire.rules import RoleRuleKind

_KINDS = {
    AssignmentKind.COMPOSITE_ROLE: entities.COMPOSITE_ROLE,
    AssignmentKind.SINGLE_ROLE: entities.SINGLE_ROLE,
    AssignmentKind.RESOURCE_TYPE: entities.ORDER,
}
_RULES = {
    RoleRuleKind.COMPOSITE: entities.COMPOSITE_ROLE_RULE,
    RoleRuleKind.SINGLE: entities.SINGLE_ROLE_RULE,
    RoleRuleKind.TYPE: entities.TYPE_RULE,
}


class AccessReading(Reading):
    async def assignments(self, owner_id: ResourceId) -> Sequence[Assignment]:
        found = await asyncio.gather(*(self._assignments(kind, owner_id) for kind in _KINDS))
        return tuple(one for some in found for one in some)

    async def role_rules(self, role_ids: Sequence[str], *, kind: str = "") -> Sequence[RoleRule]:
        if not role_ids:
            return ()
        wanted = (RoleRuleKind(kind),) if kind else tuple(_RULES)
        found = await asyncio.gather(*(self._role_rules(one, rules.of_roles(role_ids)) for one in wanted))
        return tuple(one for some in found for one in some)

    async def role_rules_named(self, words: str) -> Sequence[RoleRule]:
        named = rules.of_roles_named(words)
        found = await asyncio.gather(*(self._role_rules(one, named) for one in _RULES))
        return tuple(one for some in found for one in some)

    async def link_rules(self, role_ids: Sequence[str]) -> Sequence[LinkRule]:
        if not role_ids:
            return ()
        rows = await self._asking.with_parts(
            (Part.LINKED_NAMES,),
            lambda parts: self._asking.all(
                entities.NAVIGATION_RULE, rules.link_rules(role_ids, names=Part.LINKED_NAMES in parts)
            ),
        )
        return tuple(one for row in rows if (one := rules.link_rule(row)) is not None)

    async def workflow_story(self, workflow_id: str) -> Sequence[Decision]:
        rows = await self._asking.all(entities.ACTIVITY, wire.workflow_story(workflow_id, self._person_type))
        return tuple(map(wire.decision, rows))

    async def _assignments(self, kind: AssignmentKind, owner_id: ResourceId) -> Sequence[Assignment]:
        query = wire.assignments(kind, owner_id, self._person_type)
        found: list[Assignment] = []
        async for page in self._asking.pages(_KINDS[kind], query):
            found += (wire.assignment(row, kind, page.read_at) for row in page)
        return found

    async def _role_rules(self, kind: RoleRuleKind, where: Condition) -> Sequence[RoleRule]:
        rows = await self._asking.with_parts(
            (Part.RULE_DIMENSIONS,),
            lambda parts: self._asking.all(
                _RULES[kind],
                rules.role_rules(kind, where, person_type=self._person_type, dimensions=Part.RULE_DIMENSIONS in parts),
            ),
        )
        return tuple(rules.role_rule(row, kind) for row in rows)
