"""Fifty people who do not exist, each with values that occur nowhere else: a byte of theirs is known at sight."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Canary:
    """A person of no flesh: what a partner's file might hold of one."""

    surname: str
    nhs_number: str
    address: str
    telephone: str
    reference: str

    @property
    def values(self) -> tuple[str, ...]:
        return (self.surname, self.nhs_number, self.address, self.telephone, self.reference)


PEOPLE = tuple(
    Canary(
        surname=f"Zxcanary{number:02}son",
        nhs_number=f"99988{number:02}773",
        address=f"Quillfeather Zxlane {number:02}",
        telephone=f"0794688{number:02}1",
        reference=f"ZXREF-{number:02}-QQ",
    )
    for number in range(50)
)
VALUES = tuple(value for person in PEOPLE for value in person.values)
