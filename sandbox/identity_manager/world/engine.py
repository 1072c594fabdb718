"""The parts of one simulated installation, put together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sandbox.identity_manager.store import Row, Store
from sandbox.identity_manager.world import catalogue
from sandbox.identity_manager.world.agent_files import FileTree
from sandbox.identity_manager.world.clock import Clock
from sandbox.identity_manager.world.configuration import Configuration
from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.expressions import compiled
from sandbox.identity_manager.world.identities import Identities
from sandbox.identity_manager.world.installation import group_dn, install, put_scalar_rule, write_dimensions
from sandbox.identity_manager.world.job_engine import JobEngine
from sandbox.identity_manager.world.people import KNOWN_PEOPLE, Population, Record, organizations
from sandbox.identity_manager.world.policy import RoleRule
from sandbox.identity_manager.world.role_model import RoleModel
from sandbox.identity_manager.world.runs import Runs
from sandbox.identity_manager.world.systems.access import Access, Credential, Host
from sandbox.identity_manager.world.systems.accounts import AccountSystem, AccountTable
from sandbox.identity_manager.world.systems.active_directory import ActiveDirectory
from sandbox.identity_manager.world.systems.dialects import ENTRA, SAP, SQL
from sandbox.identity_manager.world.systems.directory import BASE, Directory, Entry
from sandbox.identity_manager.world.systems.hr import HrSource
from sandbox.identity_manager.world.workbench import Systems, Workbench

SERVICE_ACCOUNT = "svc-nim"

Changes = Mapping[str, Row]


class Engine:
    """Everything that happens in the world happens through one of these parts."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        seed: int,
        present: float,
        people: int,
        connectors: Changes,
        resource_types: Changes,
        jobs: Changes,
        task_scale: float,
        files: Path,
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.present = present
        self.store = store
        self.population = Population(seed, present)
        self.groups: dict[str, list[str]] = {}
        """employee ids by the name of a group of people"""
        self.records: list[Record] = self.population.draw(people)
        self.files = FileTree(files)
        self.database = Database(store)
        self.configuration = Configuration(self.database, clock.now)
        install(self.configuration, connectors=connectors, resource_types=resource_types, jobs=jobs)
        self.host = Host()
        self.hosts = {"Local": self.host}
        self.directory = Directory(self._access("dc01.contoso.local:636", SERVICE_ACCOUNT), seed)
        self.hr = HrSource(self._access("\\\\files\\hr\\export", SERVICE_ACCOUNT), self.records, organizations())
        self.entra = AccountSystem(
            self._access("graph.microsoft.com:443", "ccc25fb8-d83b-4225-b4b7-5f31bfb007be"),
            ENTRA,
            [
                AccountTable(
                    "entra_users",
                    "ENTRA_User",
                    ("userPrincipalName",),
                    ("userPrincipalName", "displayName"),
                    {"usageLocation": frozenset({"FR", "DE", "ES", "GB", "US", "BE", "CH"})},
                    generated_key=True,
                ),
                AccountTable("entra_mailboxes", "Exchange_Mailbox", ("primarySmtpAddress",)),
            ],
            seed=seed,
            delta_capable=True,
        )
        self.sap = AccountSystem(
            self._access("sap.contoso.local:3300", "NIM_RFC"),
            SAP,
            [AccountTable("sap_users", "SAP_User", ("SMTP_ADDR",), ("NAME_LAST",))],
            seed=seed,
            delta_capable=False,
        )
        self.application = AccountSystem(
            self._access("sql01.contoso.local:1433", "svc_nim"),
            SQL,
            [AccountTable("sqlapp_users", "SQLAPP_User", ("Mail",), ("Mail",))],
            seed=seed,
            delta_capable=False,
        )
        self.systems = Systems(
            {
                "HR": self.hr,
                "AD": ActiveDirectory(self.directory.access, self.directory),
                "ENTRA": self.entra,
                "SAP": self.sap,
                "SQLAPP": self.application,
            },
            self.hosts,
        )
        self.identities = Identities(self.database, self.configuration)
        self.identities.preferred_logins.update({p.employee_id: p.login for p in KNOWN_PEOPLE if p.login})
        self.role_model = RoleModel(self.database, self.configuration, self.identities)
        self.runs = Runs(store, self.files)
        self.bench = Workbench(
            clock,
            self.database,
            self.configuration,
            self.systems,
            self.identities,
            self.role_model,
            self.runs,
            self.files,
        )
        self.jobs = JobEngine(clock, self.configuration, self.database, self.runs, self.bench, task_scale=task_scale)
        self.snapshot: dict[str, dict[str, dict[str, str | None]]] = {}
        """entity type -> key -> values at the last copy of the database"""
        self.original_rules: dict[tuple[str, str], str] = {}
        """texts of rules before their first change"""
        self.original_dimensions: dict[int, dict[str, str]] = {}
        self.withdrawn_rules: dict[int, Row] = {}
        self._workflow: tuple[int, dict[str, int]] | None = None
        self._furnish_directory()

    def _access(self, address: str, account: str) -> Access:
        return Access(address, self.host, Credential(account))

    def _furnish_directory(self) -> None:
        """The containers and groups that exist before anybody is provisioned."""
        self.directory.put(BASE, {"objectClass": "domainDNS"})
        for name in catalogue.CONTAINERS:
            self.add_container(f"OU={name},{BASE}")
        for site in dict.fromkeys(r["Site"] for r in self.records):
            self.add_container(f"OU={site},OU=Sites,{BASE}")
        for name in catalogue.GROUPS:
            self.directory.put(
                group_dn(name),
                {"objectClass": "group", "cn": name, "sAMAccountName": name},
                protected=name == "Domain Admins",
            )

    def add_container(self, dn: str) -> None:
        if self.directory.find(dn) is None:
            name = dn.partition(",")[0].partition("=")[2]
            self.directory.put(dn, {"objectClass": "organizationalUnit", "cn": name})

    def change_rule(self, of: str, name: str, text: str, *, by: str = "") -> str:
        """Changes an expression; returns the text before. Raises ValueError for an unknown rule or a bad expression."""
        compiled(text)
        self.original_rules.setdefault((of, name), self.rule_text(of, name))
        configuration, now, person = self.configuration, self.clock.now, self.person_id(by)
        if of in configuration.resource_types:
            rule = configuration.resource_types[of].scalar_rules.get(name)
            if rule is None:
                rule = put_scalar_rule(configuration, configuration.resource_types[of], name, text)
            before, rule.text, rule.changed = rule.text, text, now
            configuration.rule_changed("ResourceScalarRule", rule.id, {"Expression": text}, now, person)
            return before
        expression = (
            configuration.inbound.get(name)
            if of == catalogue.SOURCE_TYPE
            else configuration.expressions.get((of, name))
        )
        if expression is None:
            raise ValueError(f"{of} has no rule for {name}")
        before, expression.text, expression.changed = expression.text, text, now
        if of == catalogue.SOURCE_TYPE:
            configuration.rule_changed("ResourceScalarRule", expression.id, {"Expression": text}, now, person)
        else:
            self.store.update("EntityPropertyExpression", expression.id, {"Expression": text})
            configuration.revision += 1
        return before

    def change_dimensions(self, rule: RoleRule, dimensions: Mapping[str, str], *, by: str = "") -> None:
        """Changes under which property values a role is given; without any the rule is withdrawn."""
        self.original_dimensions.setdefault(rule.id, dict(rule.dimensions))
        rule.dimensions, rule.changed = dict(dimensions), self.clock.now
        entity = f"{rule.kind}Rule"
        if not dimensions:
            if row := self.store.row(entity, rule.id):
                self.withdrawn_rules[rule.id] = row
            self.store.delete(entity, "Id = ?", (rule.id,))
        elif row := self.withdrawn_rules.pop(rule.id, None):
            self.store.insert(entity, [row])
        write_dimensions(self.configuration, rule)
        self.configuration.rule_changed(entity, rule.id, {}, self.clock.now, self.person_id(by))

    def rule_text(self, of: str, name: str) -> str:
        """The expression of a rule; empty when there is none."""
        if of in self.configuration.resource_types:
            rule = self.configuration.resource_types[of].scalar_rules.get(name)
            return rule.text if rule else ""
        if of == catalogue.SOURCE_TYPE:
            return self.configuration.inbound[name].text
        return self.configuration.expressions[of, name].text

    def workflow_rows(self) -> tuple[int, dict[str, int]]:
        """The request workflow: its id, and the ids of its activities and their states by name."""
        if self._workflow is None:
            store = self.store
            workflow = store.insert(
                "Workflow",
                [{"Identifier": "RequestRole", "DisplayName": "Request entitlements", "IdentifierPrefix": "WF"}],
            )[0]
            ids: dict[str, int] = {}
            for name in ("Request", "Review"):
                template = store.insert("ActivityTemplate", [{"Identifier": name, "DisplayName": name}])[0]
                ids[name] = store.insert(
                    "Activity",
                    [{"Identifier": name, "DisplayName": name, "WorkflowId": workflow, "TemplateId": template}],
                )[0]
            for name in ("Executed", "Waiting"):
                ids[name] = store.insert(
                    "ActivityTemplateState", [{"Identifier": name, "ShortIdentifier": name, "DisplayName": name}]
                )[0]
            self._workflow = (workflow, ids)
        return self._workflow

    def login_for(self, employee_id: str) -> str:
        """The login that the person has, or will be given."""
        found = self.database.find("Directory_User", employee_id)
        if found is not None:
            return found.values["Login"] or ""
        return self.identities.promised_login(employee_id, self.hr.people[employee_id])

    def account_key(self, resource_type: str, employee_id: str) -> str:
        """Key of the account that the person holds; empty without one."""
        person = self.database.find("Directory_User", employee_id)
        for a in self.database.of_owner[person.id] if person else ():
            account = self.database.resources.get(a.resource or 0)
            if a.type == resource_type and account is not None:
                return account.key
        return ""

    def expected_values(self, resource_type: str, employee_id: str) -> dict[str, str | None]:
        """What the rules compute for the person's account. Raises ValueError for somebody not yet synchronised."""
        person = self.database.find("Directory_User", employee_id)
        if person is None:
            raise ValueError(f"{employee_id} is not in Identity Manager yet")
        view = self.identities.view(person, self.clock.now)
        rules = self.configuration.resource_types[resource_type].scalar_rules
        found = {name: rule.evaluate(view) for name, rule in rules.items()}
        return {name: None if value is None else str(value) for name, value in found.items()}

    def account_of(self, employee_id: str) -> Entry | None:
        """The person's entry in the directory itself."""
        person = self.database.find("Directory_User", employee_id)
        if person is None:
            return None
        for a in self.database.of_owner[person.id]:
            account = self.database.resources.get(a.resource or 0)
            if a.type == "AD_Entry_NominativeUser" and account is not None:
                return self.directory.entries.get(account.key)
        return self.directory.find_login(person.values.get("Login") or "")

    def person_id(self, key: str) -> int | None:
        """The identity with this employee id or login."""
        found = self.database.find("Directory_User", key)
        if found is None:
            found = next(
                (r for r in self.database.by_key["Directory_User"].values() if r.values.get("Login") == key), None
            )
        return found.id if found else None
