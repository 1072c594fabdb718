"""The groups of people that a scenario names."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.identity_manager.world.acts import time_of
from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.people import organization_code, source_date
from sandbox.identity_manager.world.scenario import Group


def populate(engine: Engine, groups: Sequence[Group]) -> None:
    """Adds the new members to the HR source and gives all members what the group has in common."""
    for group in groups:
        keys = list(group.members)
        for _ in range(group.count):
            person = engine.population.person(site=group.site)
            engine.hr.put(person)
            keys.append(person["EmployeeId"])
            engine.add_container(f"OU={person['Site']},OU=Sites,DC=contoso,DC=com")
        for key in keys:
            values = dict(group.values)
            country = engine.hr.people[key]["Country"]
            if group.function:
                values |= {
                    "OrganizationCode": organization_code(country, group.function),
                    "CostCentre": f"{country}{group.function}",
                }
            if group.start:
                values["StartDate"] = source_date(time_of(engine, group.start))
            if group.end:
                values["EndDate"] = source_date(time_of(engine, group.end))
                values["ContractType"] = values.get("ContractType", "Fixed-term")
            engine.hr.change(key, **values)
        engine.groups[group.name] = keys
