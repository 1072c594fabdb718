"""Names and numbers of a sandbox's world that commands can be about, read as any client reads them."""

from dataclasses import dataclass

from bench.installation import Sandbox

ERRORED = 3
PEOPLE = "/Custom/Resources/Directory_User/View"


@dataclass(frozen=True, slots=True)
class Subjects:
    order: str
    """An errored order's id."""
    person: str
    """The login of its owner."""
    job: str

    def reads(self) -> list[str]:
        """Read commands as people mix them: most ask about one order or one person."""
        return [
            "status",
            f"order {self.order}",
            "jobs failed",
            f"why {self.person}",
            "orders errored",
            f"order {self.order}",
            f"user {self.person}",
            f"job {self.job}",
            "orders blocked",
            "help",
            f"order {self.person} AD",
            "last",
        ]


async def subjects(nim: Sandbox) -> Subjects:
    """Of the newest errored order and the first job."""
    orders = await nim.rows(
        "ProvisioningPolicy/AssignedResourceType",
        f"top 1 select Id, OwnerId where ProvisioningState={ERRORED} order by Id desc",
    )
    owner = orders[0]["OwnerId"]
    people = await nim.rows("Resource/Directory_User", f"top 1 select Login where Id={owner}", PEOPLE)
    jobs = await nim.rows("Job/Job", "top 1 select Id, Identifier order by Id asc")
    return Subjects(str(orders[0]["Id"]), str(people[0]["Login"]), str(jobs[0]["Identifier"]))
