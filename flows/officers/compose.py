"""Compose: an outbox row, or several of one partner, as a mail with its addresses, its thread and its attachments.

Addresses are looked up when mail is sent, so that a new officer inherits what is open.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from flows.officers.rehearsal import redirected
from flows.settings import Settings, today
from reports import answered, notice, reminders
from reports.checked import checked
from reports.mail import Mail, alert, digest, escalation, operator_alert, receipt, resolved
from schemas.partner import Partner, Person

RENDER = {
    "receipt": receipt,
    "resolved": resolved,
    "alert": alert,
    "escalation": escalation,
    "operator": operator_alert,
    "checked": checked,
    **reminders.RENDER,
    **answered.RENDER,
    **notice.RENDER,
}
TOGETHER = {"receipt", "resolved", "alert"}  # what many files of one partner may tell in one mail
DIGEST_FROM = 4  # messages to one partner in one sending
ATTACHED_BYTES = 8_000_000  # what most mail servers still take, once encoded
WORKBOOK = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
# An id on a line of its own is lost by some servers, and a subject of one gets a blank before it.
UNFOLDED = {"message-id", "in-reply-to", "references", "subject"}
LONGEST_LINE = 900  # of the 998 characters that RFC 5322 allows


class _Policy(EmailPolicy):
    """The usual rules of a mail, but that an id or a subject is never moved to a line of its own."""

    def fold(self, name: str, value: str) -> str:
        line = f"{name}: {' '.join(str(value).split())}{self.linesep}"
        if name.lower() in UNFOLDED and line.isascii() and len(line) < LONGEST_LINE:
            return line
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in UNFOLDED:
            return self.fold(name, value).encode("ascii")
        return bytes(super().fold_binary(name, value))


POLICY = _Policy(linesep=SMTP.linesep, header_factory=HeaderRegistry())


@dataclass(frozen=True)
class Letter:
    """One mail and the outbox rows it tells."""

    mail: EmailMessage
    told: tuple[Mapping[str, Any], ...]
    id: str  # the row's id, or the digest's own

    @property
    def first(self) -> Mapping[str, Any]:
        return self.told[0]


def letters(
    settings: Settings, waiting: Sequence[Mapping[str, Any]], told_in: Mapping[str, str]
) -> Iterator[Letter]:
    """The mails that tell all that waits: one each, or one for many files of the same partner; made when asked for.

    ``told_in`` says in which digest an earlier message went, by its id.
    """
    together: dict[str, list[Mapping[str, Any]]] = {}
    for message in waiting:
        if message["kind"] in TOGETHER and json.loads(message["payload"]).get("state") != "held":
            together.setdefault(message["partner"], []).append(message)
    digests = {partner: tuple(told) for partner, told in together.items() if len(told) >= DIGEST_FROM}
    gathered = {message["message_id"] for told in digests.values() for message in told}
    for message in waiting:
        if message["message_id"] not in gathered:
            yield Letter(letter(settings, message, told_in=told_in), (message,), message["message_id"])
    for partner, told in digests.items():
        id = f"{partner}.{told[-1]['created_at']:%Y%m%dT%H%M%S}.{len(told)}.digest"
        yield Letter(_digest(settings, partner, told, id), told, id)


def letter(
    settings: Settings, message: Mapping[str, Any], *, told_in: Mapping[str, str], to: Person | None = None
) -> EmailMessage:
    """One message as a mail; ``to`` takes the place of everybody it would otherwise go to."""
    payload = json.loads(message["payload"])
    partner = settings.partnership.partners.get(message["partner"] or "")
    if "people" in payload:  # named with what they are told of: the recipients of a release
        people: list[Person] = [Person(**person) for person in payload["people"]]
        others: list[str] = []
    elif message["kind"] == "operator" or partner is None:
        people, others = [settings.partnership.operator], []
    else:
        people, others = addressed(settings, message["kind"], payload, partner)
    if to is not None:
        people, others = [to], []
    payload["marking"] = settings.partnership.marking
    payload["officer"] = {"name": people[0].name, "email": people[0].email}
    mail = _mail(settings, RENDER[message["kind"]](payload), message["message_id"], message["created_at"])
    mail["To"] = people[0].email
    copies = dict.fromkeys([*(person.email for person in people[1:]), *others])
    if copies.keys() - {people[0].email}:
        mail["Cc"] = ", ".join(email for email in copies if email != people[0].email)
    thread = payload.get("thread")
    if thread:
        first, latest = (_id(settings, told_in.get(id, id)) for id in (thread["first"], thread["latest"]))
        mail["In-Reply-To"] = latest
        mail["References"] = first if first == latest else f"{first} {latest}"
    _attach(mail, settings, [payload])
    return redirected(mail, settings.redirect_all_mail)


def addressed(
    settings: Settings, kind: str, payload: Mapping[str, Any], partner: Partner
) -> tuple[list[Person], list[str]]:
    """Who is written to, the first of them by name, and the mailboxes that get a copy."""
    partnership = settings.partnership
    if "to" in payload:
        people, others = people_of(settings, partner, payload["to"])
        if not people:  # a mailbox alone, that no person answers for by name
            return [Person("", others[0])], others[1:]
        return people, [*others, partner.role_mailbox]
    others = [partner.role_mailbox]
    if kind == "alert" and payload.get("state") == "held":
        others += [partner.governance_contact, partnership.incident_contact]
    return [partner.answering(today(settings))], others


def people_of(settings: Settings, partner: Partner, roles: Iterable[str]) -> tuple[list[Person], list[str]]:
    """The people in these roles today, each once, and the mailboxes among the roles."""
    known = {
        "officer": partner.answering(today(settings)),
        "deputy": partner.deputy,
        "data_quality_lead": settings.partnership.data_quality_lead,
    }
    mailboxes = {"role_mailbox": partner.role_mailbox, "governance_contact": partner.governance_contact}
    return (
        list(dict.fromkeys(known[role] for role in roles if role in known)),
        [mailboxes[role] for role in roles if role in mailboxes],
    )


def _digest(settings: Settings, partner_id: str, told: Sequence[Mapping[str, Any]], id: str) -> EmailMessage:
    partner = settings.partnership.partners[partner_id]
    person = partner.answering(today(settings))
    payloads = [json.loads(message["payload"]) for message in told]
    about = {**payloads[0], "officer": {"name": person.name, "email": person.email}}
    mail = _mail(settings, digest(about, payloads), id, told[-1]["created_at"])
    mail["To"], mail["Cc"] = person.email, partner.role_mailbox
    _attach(mail, settings, payloads)
    return redirected(mail, settings.redirect_all_mail)


def _mail(settings: Settings, rendered: Mail, id: str, written_at: datetime) -> EmailMessage:
    mail = EmailMessage(policy=POLICY)
    mail["From"] = sender(settings)
    mail["Subject"] = rendered.subject
    mail["Date"] = format_datetime(written_at)
    mail["Message-ID"] = _id(settings, id)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(rendered.text)
    if rendered.html:
        mail.add_alternative(rendered.html, subtype="html")
    return mail


def _attach(mail: EmailMessage, settings: Settings, payloads: Iterable[Mapping[str, Any]]) -> None:
    """Attach the error reports that lie in the partner's collect folder, as many as one mail can carry."""
    carried = 0
    for payload in payloads:
        path = report_path(settings, payload)
        if path is None or not path.is_file() or carried + path.stat().st_size > ATTACHED_BYTES:
            continue
        carried += path.stat().st_size
        mail.add_attachment(path.read_bytes(), maintype=WORKBOOK[0], subtype=WORKBOOK[1], filename=path.name)


def report_path(settings: Settings, payload: Mapping[str, Any]) -> Path | None:
    """Where the error report of a delivery, or of a checked file, lies, when its message says there is one."""
    if not payload.get("report"):
        return None
    folder = "checks" if payload.get("kind") == "checked" else "reports"
    return settings.home / "collect" / str(payload["partner"]) / folder / str(payload["report"])


def sender(settings: Settings) -> str:
    """The address mail comes from."""
    return settings.smtp.sender if settings.smtp else settings.partnership.data_quality_lead.email


def _id(settings: Settings, message_id: str) -> str:
    return f"<{message_id}@{sender(settings).rpartition('@')[2]}>"
