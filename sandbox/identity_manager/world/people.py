"""The population: seeded, so that one seed gives one world, and realistic, so that accents and homonyms occur."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.identity_manager.world.clock import DAY, midnight, to_datetime
from sandbox.identity_manager.world.names import CONTRACTS, FAMILY_NAMES, FUNCTIONS, GIVEN_NAMES, SITES, words

FIRST_EMPLOYEE_NUMBER = 30001
_PREFIXES = {"FR": 33, "DE": 49, "ES": 34, "UK": 44}

Record = dict[str, str]
"""A row of the HR source by column."""


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """Somebody whom stories mention. Empty fields are drawn."""

    employee_id: str
    first_name: str
    last_name: str
    site: str = ""
    function: str = ""
    title: str = ""
    contract: str = "Permanent"
    login: str = ""


KNOWN_PEOPLE: tuple[NamedPerson, ...] = (
    NamedPerson("10001", "John", "Doe", "Lyon", "110", "Account Manager"),
    NamedPerson("10002", "Anne", "Leroy", "Paris", "110", "Sales Representative", "Fixed-term"),
    NamedPerson("10003", "Ana", "Lopes", "Madrid", "120", "Marketing Officer"),
    NamedPerson("10004", "Maria", "Lopez", "Paris", "410", "Research Engineer", login="m.lopez"),
    NamedPerson("10005", "Thi", "Ng", "Paris", "520", "System Administrator", login="t.ng"),
    NamedPerson("10006", "Karim", "Admin", "Paris", "520", "System Administrator", login="k.admin"),
    NamedPerson("10007", "Marc", "Lead", "Lyon", "520", "System Administrator", login="m.lead"),
    NamedPerson("10008", "Jane", "Doe", "Berlin", "520", "System Administrator"),
    NamedPerson("10009", "Sam", "Helpdesk", "Paris", "520", "Service Desk Analyst", login="helpdesk"),
    NamedPerson("10010", "Nadia", "Roussel", "Paris", "520", "Service Desk Analyst", login="nadia"),
    NamedPerson("10011", "Omar", "Keller", "Paris", "520", "System Administrator", login="omar"),
    NamedPerson("10012", "Inès", "Faure", "Paris", "520", "System Administrator", login="ines"),
)

COUNTRY_OF_SITE = {site: country for site, country, _ in SITES}
FUNCTION_NAMES = {code: name for code, name, _, _ in FUNCTIONS}


def organization_code(country: str, function: str) -> str:
    return f"{country}-{function}"


def organizations() -> list[Record]:
    """The HR organisations: one per country and function, below one per country."""
    rows: list[Record] = []
    for country in dict.fromkeys(COUNTRY_OF_SITE.values()):
        rows.append({"Code": country, "Name": f"Contoso {country}", "ParentCode": "", "CostCentre": f"{country}000"})
        for code, name, _, _ in FUNCTIONS:
            rows.append(
                {
                    "Code": organization_code(country, code),
                    "Name": f"{name} {country}",
                    "ParentCode": country,
                    "CostCentre": f"{country}{code}",
                }
            )
    return rows


def source_date(instant: float) -> str:
    """A date as HR writes it: day, month, year."""
    return to_datetime(instant).strftime("%d/%m/%Y")


class Population:
    """Draws people. `now` is the world's present: nobody joined after it unless asked for."""

    def __init__(self, seed: int, now: float) -> None:
        self._random = random.Random(seed)
        self._now = now
        self._number = FIRST_EMPLOYEE_NUMBER
        self._given = {country: words(text) for country, text in GIVEN_NAMES.items()}
        self._family = {country: words(text) for country, text in FAMILY_NAMES.items()}
        self._taken: set[tuple[str, str, str]] = set()

    def draw(self, count: int, known: Sequence[NamedPerson] = KNOWN_PEOPLE) -> list[Record]:
        """The known people first, then the others; each organisation has its heads."""
        people = [self.person(named=k) for k in known[:count]]
        people += [self.person() for _ in range(count - len(people))]
        self._appoint_managers(people)
        return people

    def person(self, *, named: NamedPerson | None = None, site: str = "", start: float | None = None) -> Record:
        draw = self._random
        named = named or NamedPerson("", "", "")
        site = named.site or site or draw.choices([s for s, _, _ in SITES], [w for _, _, w in SITES])[0]
        country = COUNTRY_OF_SITE.get(site, "FR")
        function, titles = self._function(named.function)
        first, last = named.first_name, named.last_name
        while not first:
            speech = country if draw.random() < 0.85 else draw.choice(list(self._given))
            first, last = draw.choice(self._given[speech]), draw.choice(self._family[speech])
            if (first, last, site) in self._taken and draw.random() < 0.995 and len(self._taken) < 6000:
                first = ""
        self._taken.add((first, last, site))
        contract = (
            named.contract
            if named.first_name
            else draw.choices([c for c, _ in CONTRACTS], [w for _, w in CONTRACTS])[0]
        )
        begun = midnight(start if start is not None else self._now - DAY * draw.randint(40, 6000))
        end = "" if contract == "Permanent" else source_date(midnight(self._now) + DAY * draw.randint(60, 700))
        number = named.employee_id or self._next_number()
        code = organization_code(country, function)
        return {
            "EmployeeId": number,
            "FirstName": first,
            "LastName": last,
            "Title": named.title or draw.choice(titles),
            "OrganizationCode": code,
            "CostCentre": f"{country}{function}",
            "Site": site,
            "Country": country,
            "ContractType": contract,
            "StartDate": source_date(begun),
            "EndDate": end,
            "ManagerId": "",
            "Phone": f"+{_PREFIXES[country]} {draw.randint(100, 999)} {draw.randint(10, 99)} "
            f"{draw.randint(10, 99)} {draw.randint(10, 99)}",
        }

    def _next_number(self) -> str:
        self._number += 1
        return str(self._number - 1)

    def _function(self, code: str) -> tuple[str, tuple[str, ...]]:
        if code:
            return next((c, titles) for c, _, _, titles in FUNCTIONS if c == code)
        chosen = self._random.choices(FUNCTIONS, [w for _, _, w, _ in FUNCTIONS])[0]
        return chosen[0], chosen[3]

    def _appoint_managers(self, people: list[Record]) -> None:
        by_organization: dict[str, list[Record]] = {}
        for person in people:
            by_organization.setdefault(person["OrganizationCode"], []).append(person)
        for members in by_organization.values():
            heads = members[: max(1, len(members) // 60)]
            for number, person in enumerate(members):
                head = heads[number % len(heads)]
                person["ManagerId"] = "" if head is person else head["EmployeeId"]
