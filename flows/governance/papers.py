"""Papers to sign, drawn from agreements, contracts and partners: what the exchange obeys is what is signed.

Each agreement has the contents that the Information Commissioner's data sharing code asks for: purpose, parties and
controllers, data, lawful basis, access and individual rights, governance. Beside them stand the register of
processing (Article 30 UK GDPR) and the start of an impact assessment, whose judgements a person writes.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.files import write_whole
from flows.settings import Settings, today
from reports.agreement_papers import Grid, Paper, Section, render_paper
from reports.words import count, day, listed
from schemas.agreement import Agreement
from schemas.codelist import PURPOSES
from schemas.contract import Column, Contract
from schemas.partnership import Partnership

ROLES = {
    "sole": "The partner alone decides why and how the data are used; the exchange acts for it.",
    "joint": "The parties decide together why and how the data are used, and answer for it together: they are joint "
    "controllers. Each informs the people its data are about; requests and complaints may go to any of them.",
    "independent": "Each party decides for itself, and is a controller in its own right for what it does.",
}
IDENTIFIABLE = {
    "no": "No row says by itself whom it is about: no name, address, full postcode, date of birth or personal number. "
    "Where fields below are personal or special, rows are about people and are kept as personal data.",
    "pseudonymised": "Rows are about people, whose identifiers are replaced by pseudonyms on arrival. They stay "
    "personal data for whoever holds the key.",
    "yes": "Rows identify people.",
}
TREATMENTS = {
    "keep": "kept as sent",
    "pseudonymise": "replaced by a pseudonym",
    "drop": "not kept",
    "age_band": "kept as an age band",
    "outward_code": "kept as the first half of the postcode",
    "lsoa": "kept as the LSOA of the postcode",
}
AUDIENCES = {"restricted": "the partners’ own boards and officers", "public": "the public"}
FIELDS = ("Field", "What it is", "Class", "What is done to it")


def papers(settings: Settings) -> dict[str, bytes]:
    """Every paper as an HTML file, by its name; ``index.html`` leads to the others."""
    partnership = settings.partnership
    drawn = [_agreement(settings, one) for one in partnership.agreements]
    register, assessment = _register(settings), _assessment(settings)
    ordered = [*drawn, register, assessment]
    index = Paper(
        name="index.html",
        title="Sharing agreements",
        kind="Papers to sign",
        summary=f"{count(len(drawn), 'agreement')} between the partners, the register of processing, and the start "
        "of a data protection impact assessment.",
        partnership=partnership.name,
        imprint=[f"Drawn on {day(today(settings))}"],
        sections=[],
        marking=partnership.marking,
        links=[(paper.name, paper.title, " · ".join(paper.imprint)) for paper in ordered],
    )
    return {paper.name: render_paper(paper) for paper in (index, *ordered)}


def write_papers(settings: Settings, folder: Path) -> list[Path]:
    """Write every paper into a folder; returns the files."""
    written = []
    for name, content in papers(settings).items():
        write_whole(folder / name, content)
        written.append(folder / name)
    return written


def listing(settings: Settings) -> list[dict[str, Any]]:
    """The agreements as plain values: id, version, title, stage, datasets, how each stands, review, end, retention."""
    return [
        {
            "agreement": one.id,
            "version": one.version,
            "title": one.title,
            "stage": one.stage,
            "parties": [*one.parties],
            "datasets": [*one.datasets],
            "standing": standing(one, settings),
            "review_date": one.review_date.isoformat(),
            "end": one.end.isoformat() if one.end else None,
            "retention_days": one.retention_days,
            "fingerprint": one.fingerprint,
        }
        for one in settings.partnership.agreements
    ]


def listing_text(found: Sequence[Mapping[str, Any]]) -> str:
    """The agreements for a terminal: one paragraph each."""
    told = [
        f"{one['agreement']}  {one['title']}\n    {', '.join(one['datasets'])}\n    {one['standing']}"
        for one in found
    ]
    return "\n".join([*told, "", "Pages to sign: exchange agreements --to DIR"])


def standing(agreement: Agreement, settings: Settings) -> str:
    """How an agreement stands today, in a few words."""
    now = today(settings)
    if now < agreement.start:
        return f"in force from {day(agreement.start)}"
    if not agreement.in_force(now):
        return f"ended on {day(agreement.end)}" if agreement.end else "not in force"
    if agreement.review_date < now:
        return f"in force, its review was due by {day(agreement.review_date)}"
    return f"in force, to be reviewed by {day(agreement.review_date)}"


def _agreement(settings: Settings, agreement: Agreement) -> Paper:
    partnership = settings.partnership
    contracts = {key: partnership.contracts[key] for key in agreement.datasets}
    return Paper(
        name=f"{agreement.id}.html",
        title=agreement.title,
        kind="Information-sharing agreement",
        summary=agreement.purpose,
        partnership=partnership.name,
        imprint=[
            f"{agreement.id}, version {agreement.version}",
            "in trial" if agreement.stage == "test" else standing(agreement, settings),
            f"fingerprint {agreement.fingerprint[:16]}",
        ],
        marking=partnership.marking,
        signatures=[
            (sign.role, _party(partnership, sign.party), f"agreed on {day(sign.on)}")
            for sign in agreement.signed_by
        ],
        sections=[
            Section(
                "Purpose",
                facts=[
                    ("Purpose", agreement.purpose),
                    ("Held to the purposes", _purposes(partnership, agreement)),
                    ("What it is used for", _uses(partnership, agreement)),
                    (
                        "Not used for",
                        "Decisions about a person, and anything not named here. Rows go to nobody else: another use or "
                        "another receiver needs an agreement of its own.",
                    ),
                    ("People the data are about", _people(contracts.values())),
                ],
            ),
            Section(
                "Parties and controllers",
                facts=[
                    *((_party(partnership, id), _contacts(partnership, id)) for id in agreement.parties),
                    (
                        "Who decides (controllers)",
                        f"{agreement.controller_role.capitalize()}. {ROLES[agreement.controller_role]}",
                    ),
                    (
                        "Who runs the exchange",
                        f"{partnership.operator.name}, {partnership.operator.email}, on behalf of the parties",
                    ),
                ],
            ),
            Section(
                "Lawful basis",
                facts=[
                    ("Power or duty to share", agreement.statutory_gateway),
                    ("Lawful basis", agreement.lawful_basis_art6),
                    (
                        "Special-category or criminal-offence data",
                        agreement.art9_or_sch1_condition or "None is shared under this agreement.",
                    ),
                    ("Impact assessment", agreement.dpia_ref or "No reference is recorded."),
                ],
            ),
            Section(
                "The data",
                facts=[
                    ("Whether rows identify people", IDENTIFIABLE[agreement.identifiable]),
                    ("Smallest area shown", agreement.min_geography.capitalize()),
                    ("Periods covered", _span(agreement)),
                    (
                        "Turned away unread",
                        "A file with another personal field, or with names, dates of birth, full postcodes or NHS "
                        "numbers where none is agreed, is never archived. It is held where only the exchange can read "
                        f"it, and erased after {count(agreement.hold_days, 'working day')} or when the corrected file "
                        "is in use.",
                    ),
                ],
                grids=[_fields(contract, agreement) for contract in contracts.values()],
            ),
            Section(
                "How the data travel and how good they must be",
                facts=[
                    ("How often, and by when", f"{agreement.frequency.capitalize()}; {_due(agreement)}"),
                    ("Format", agreement.file_format or "As in the contract."),
                    ("Route", agreement.transfer_route or "The partner’s inbox of the exchange."),
                    ("Quality", "\n".join(_standard(partnership, key) for key in contracts)),
                ],
            ),
            Section(
                "Who may see what",
                facts=[
                    (
                        "Audiences",
                        "; ".join(AUDIENCES[each] for each in agreement.audiences).capitalize()
                        + (
                            f"; the public not before {day(agreement.public_after)}"
                            if agreement.public_after
                            else ""
                        ),
                    ),
                    ("Governance layers", _layers(partnership, agreement)),
                    (
                        "Small numbers",
                        f"Counts from 1 to {agreement.suppression_n - 1} are withheld, and what would reveal them."
                        if agreement.suppression_n
                        else "Nothing is withheld: the source is open to inspection.",
                    ),
                ],
            ),
            Section(
                "Rights of the people the data are about",
                facts=[
                    ("Where they ask, object or complain", agreement.individual_rights_contact),
                    (
                        "What is done then",
                        "What is wrong is put right by a corrected file, which takes the place of the first. What must "
                        "not be kept is erased from every file of the exchange, with a certificate, and the figures "
                        "are restated.",
                    ),
                    (
                        "Freedom of information",
                        "Requests go to the partner whose data they are about. What is published is open to all.",
                    ),
                    (
                        "National data opt-out",
                        agreement.national_data_opt_out
                        or "It does not arise: no health and care data are shared under this agreement.",
                    ),
                ],
            ),
            Section(
                "Governance",
                facts=[
                    (
                        "In force",
                        f"{day(agreement.start)} to {day(agreement.end)}"
                        if agreement.end
                        else f"from {day(agreement.start)}, open-ended",
                    ),
                    (
                        "Review",
                        f"by {day(agreement.review_date)}; the governance contacts are reminded "
                        f"{listed([str(step) for step in partnership.reminders.review])} days before",
                    ),
                    (
                        "Retention",
                        f"{_kept(agreement)}; then rows and bytes are erased, and the totals stay as figures of record",
                    ),
                    (
                        "When it ends",
                        "Nothing is received under it from the day after. What arrived before is kept as long as said "
                        "above, or erased at once on the party’s word.",
                    ),
                    (
                        "Security",
                        "Encrypted volume, readable by the exchange’s own account only; every step in a chained "
                        "audit; no value of a row in mails or logs.",
                    ),
                    ("Data incidents", f"{agreement.incident_contact}, within the working day they are found"),
                ],
                paragraphs=[agreement.note] if agreement.note else [],
            ),
        ],
    )


def _register(settings: Settings) -> Paper:
    partnership = settings.partnership
    sections = []
    for agreement in partnership.agreements:
        contracts = [partnership.contracts[key] for key in agreement.datasets]
        sections.append(
            Section(
                agreement.title,
                facts=[
                    ("Agreement", f"{agreement.id}, version {agreement.version}, {standing(agreement, settings)}"),
                    (
                        "Controllers",
                        f"{listed([_party(partnership, id) for id in agreement.parties])} "
                        f"({agreement.controller_role})",
                    ),
                    (
                        "Data protection contacts",
                        listed(
                            [
                                partnership.partners[id].governance_contact
                                for id in agreement.parties
                                if id in partnership.partners
                            ]
                        ),
                    ),
                    ("Purpose", agreement.purpose),
                    (
                        "People the data are about",
                        _people(contracts),
                    ),
                    ("Kinds of personal data", _kinds(contracts, agreement)),
                    (
                        "Who receives them",
                        f"Of figures alone: {'; '.join(AUDIENCES[each] for each in agreement.audiences)}. Of rows: "
                        "nobody but the exchange.",
                    ),
                    ("Transfers abroad", "None by the exchange: it connects nowhere that is not configured."),
                    ("Kept for", _kept(agreement)),
                    (
                        "Security",
                        "Pseudonyms where agreed, owner-only files, locked-down reader, chained audit, disclosure "
                        "control.",
                    ),
                ],
            )
        )
    return Paper(
        name="register.html",
        title="Register of processing",
        kind="Article 30 UK GDPR",
        summary="What is processed, for which purpose, on whose behalf, for whom, and for how long.",
        partnership=partnership.name,
        imprint=[f"{count(len(sections), 'activity', 'activities')}", f"drawn on {day(today(settings))}"],
        sections=sections,
        marking=partnership.marking,
    )


def _assessment(settings: Settings) -> Paper:
    partnership = settings.partnership
    personal = [contract for contract in partnership.contracts.values() if contract.personal_columns]
    risks = (
        (
            "A file holds more than was agreed",
            "Held at the door by header and by content, never archived, erased",
            "flows/receiving/door.py",
        ),
        (
            "A person is recognised in a published figure",
            "Small counts withheld, and what would reveal them; the smallest area per agreement",
            "warehouse/disclosure.py",
        ),
        (
            "A pseudonym is turned back",
            "Keyed (HMAC-SHA-256), key outside the database, of an owner-only mode, per purpose",
            "warehouse/staging.py",
        ),
        ("Rows are kept too long", "Retention per agreement, carried out by sweep", "flows/governance/erasure.py"),
        (
            "A record is altered",
            "Chained audit with receipts outside the database; verified at will",
            "flows/governance/verify.py",
        ),
        (
            "A value leaks into mail or log",
            "Counts, row numbers and agreed sentences only",
            "flows/officers/messages.py",
        ),
    )
    return Paper(
        name="impact-assessment.html",
        title="Data protection impact assessment",
        kind="To be completed",
        summary="What the exchange knows is filled in. What a person must judge is asked, with a space to answer.",
        partnership=partnership.name,
        imprint=[f"Begun on {day(today(settings))}"],
        marking=partnership.marking,
        signatures=[
            ("Data protection officer", "advice given", "date"),
            ("Caldicott guardian", "where health data are shared", "date"),
            ("Senior information risk owner", "risk accepted", "date"),
        ],
        sections=[
            Section(
                "The need", to_write=["Why is an assessment needed, and what would happen without the sharing?"]
            ),
            Section(
                "The processing",
                paragraphs=[
                    "Extracts arrive as files, are checked against the agreed standard, merged into totals, and "
                    "published past disclosure control. Rows stay in the exchange."
                ],
                grids=[
                    Grid(
                        "Datasets with personal data",
                        ("Dataset", "People it is about", "Personal fields", "Agreements"),
                        [
                            (
                                contract.title,
                                _people([contract]),
                                listed([*contract.personal_columns]),
                                _named(partnership, contract.key),
                            )
                            for contract in personal
                        ],
                    )
                ],
                to_write=["How many people are the data about, and how sensitive is what is said of them?"],
            ),
            Section(
                "Consultation",
                to_write=[
                    "Who was asked: the people concerned, partners, the public, the Information Commissioner?"
                ],
            ),
            Section(
                "Necessity and proportion",
                grids=[
                    Grid(
                        "Legal footing of each agreement",
                        ("Agreement", "Power or duty", "Lawful basis", "Special category"),
                        [
                            (
                                one.title,
                                one.statutory_gateway,
                                one.lawful_basis_art6,
                                one.art9_or_sch1_condition or "none",
                            )
                            for one in partnership.agreements
                        ],
                    )
                ],
                to_write=[
                    "Would fewer fields, larger areas or counts alone do?",
                    "How are people told, and how can they object?",
                ],
            ),
            Section(
                "Risks and what is done about them",
                grids=[Grid("Risks that the exchange answers", ("Risk", "What is done", "Where"), risks)],
                to_write=["What other risks are there, how likely and how grave, and who accepts what is left?"],
            ),
        ],
    )


def _fields(contract: Contract, agreement: Agreement) -> Grid:
    columns = [column for column in contract.columns if agreement.allows(contract.key, column.name)]
    return Grid(
        f"{contract.title}: fields that may be shared",
        FIELDS,
        [(column.header, column.description, column.classification, _treatment(column)) for column in columns],
    )


def _purposes(partnership: Partnership, agreement: Agreement) -> str:
    labels = dict(partnership.codelists.get(PURPOSES, ()))
    return "; ".join(labels[code] for code in agreement.purposes) or "None is named, so nothing may be made of it."


def _treatment(column: Column) -> str:
    return TREATMENTS[column.treatment]


def _kinds(contracts: Iterable[Contract], agreement: Agreement) -> str:
    names = [
        column.header
        for contract in contracts
        for column in contract.columns
        if column.personal and agreement.allows(contract.key, column.name)
    ]
    return listed(names) or "none"


def _uses(partnership: Partnership, agreement: Agreement) -> str:
    used: Mapping[str, None] = {
        f"{framework.title}: {indicator.name}": None
        for framework in partnership.frameworks.values()
        for indicator in framework.indicators
        for term in (*indicator.formula.numerator, *indicator.formula.denominator)
        if term.dataset in agreement.datasets
    }
    return "\n".join(used) or "No indicator yet."


def _contacts(partnership: Partnership, id: str) -> str:
    partner = partnership.partners.get(id)
    if partner is None:
        return "a party to the agreement"
    lines = [
        f"Designated officer: {partner.officer.name}, {partner.officer.email}",
        f"Deputy: {partner.deputy.name}, {partner.deputy.email}",
        f"Governance contact: {partner.governance_contact}",
    ]
    if partner.caldicott_guardian:
        lines.append(f"Caldicott guardian: {partner.caldicott_guardian}")
    return "\n".join(lines)


def _party(partnership: Partnership, id: str) -> str:
    partner = partnership.partners.get(id)
    return partner.name if partner else partnership.name


def _standard(partnership: Partnership, key: str) -> str:
    rules = partnership.standards[key].rules
    critical = sum(rule.severity == "critical" for rule in rules)
    title = partnership.contracts[key].title
    return f"{title}: {count(len(rules), 'agreed rule')}, {critical} of which turn the file away."


def _due(agreement: Agreement) -> str:
    if agreement.due_by_end_of_following:
        return "by the end of the following period"
    return f"within {count(agreement.due_days, 'day')} of the end of the period"


def _span(agreement: Agreement) -> str:
    last = f"to {day(agreement.covers_to)}" if agreement.covers_to else "on"
    return f"from {day(agreement.covers_from)} {last}"


def _named(partnership: Partnership, key: str) -> str:
    return listed([agreement.id for agreement in partnership.agreements if key in agreement.datasets]) or "none"


def _people(contracts: Iterable[Contract]) -> str:
    about = [contract for contract in contracts if contract.personal_columns or contract.people]
    said = [contract.people or f"{contract.title}: the contract does not say" for contract in about]
    return "; ".join(said) or "None: no field is about a person."


def _layers(partnership: Partnership, agreement: Agreement) -> str:
    names = {layer.id: layer.name for one in partnership.frameworks.values() for layer in one.layers}
    roles = [layer for layer in agreement.layers if layer not in names]
    return "; ".join(
        [*(f"{role} layers" for role in roles), *(names[id] for id in agreement.layers if id in names)]
    )


def _kept(agreement: Agreement) -> str:
    years, left = divmod(agreement.retention_days, 365)
    days = f"{agreement.retention_days:,} days"
    told = days if left else f"{count(years, 'year')} ({days})"
    return f"{told} after the end of the period"
