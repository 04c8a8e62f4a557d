"""Notify: send what the outbox holds to the role that answers today, until it is delivered.

With no SMTP server configured each message lands as an ``.eml`` file in ``outbox/``; either way the outbox row
is marked only afterwards, so a crash sends twice rather than never, under the same Message-ID.
"""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import getaddresses
from itertools import islice
from typing import Any

from flows.files import write_whole
from flows.officers.compose import Letter, letter, letters, people_of
from flows.officers.messages import on_refused_address
from flows.receiving.channels import give_all_back
from flows.settings import Settings, Smtp, today
from warehouse import ledger
from warehouse.connection import one_run, open_warehouse, transaction

TIMEOUT = 30  # seconds an SMTP server may keep us waiting
FOR_GOOD = 500  # codes below it ask to try again later (RFC 5321, 4.2.1)
TOGETHER = 100  # mails sent before it is written down; a crash sends these again
LOSSES = 3  # connections lost in a row, without a mail taken, until the server is left alone for this time
BUSY_TRIES = 3  # of a mail whose mailbox took it, for the officer whom the server cannot reach just now
GIVE_UP = 8  # refusals of one message by a server that answers; then a person has to look at it


@dataclass(frozen=True)
class Outcome:
    """What became of a mail: the first address that took it (None: none did), and the type of the error if any.

    ``refused`` is true when a server would not have the mail for good; ``gone`` are the addresses it said, for
    good, that it does not know; ``busy`` is true when others took it and the one it is written to may later.
    """

    reached: str | None
    error: str | None = None
    refused: bool = False
    gone: tuple[str, ...] = field(default=())
    busy: bool = False


def send_outbox(settings: Settings, *, dead_too: bool = False) -> tuple[int, int]:
    """Send every waiting message; returns (sent, still waiting). One sender at a time, so that none goes twice.

    ``dead_too`` tries once more what was given up.
    """
    with one_run(settings.home, "outbox"):
        states = "'waiting', 'dead'" if dead_too else "'waiting'"
        sent, waiting = _send_waiting(settings, f"state IN ({states})")
        # What sending itself gave rise to, an address refused for good, goes out at once.
        told, untold = _send_waiting(settings, "state = 'waiting' AND attempts = 0")
    give_all_back(settings)
    return sent + told, waiting + untold


def _send_waiting(settings: Settings, which: str) -> tuple[int, int]:
    with open_warehouse(settings.home) as connection:
        if not ledger.is_prepared(connection):
            return 0, 0
        waiting = ledger.rows(
            connection,
            "SELECT message_id, delivery_id, partner, kind, payload, attempts, refused, created_at "
            f"FROM warehouse.ledger.outbox WHERE {which} ORDER BY attempts, created_at, message_id",
        )
        told_in = {
            row["message_id"]: row["told_in"]
            for row in ledger.rows(
                connection,
                "SELECT message_id, told_in FROM warehouse.ledger.outbox WHERE told_in IS NOT NULL",
            )
        }
    if not waiting:
        return 0, 0
    # Composed as they go: neither a mail that cannot leave nor ten thousand at once are made for nothing.
    written = letters(settings, waiting, told_in)
    untried = {message["message_id"] for message in waiting}
    sent = 0
    with Post(settings.smtp) as post:
        while untried and (problem := post.problem()) is None:
            outcomes = []
            for one in islice(written, TOGETHER):
                outcomes.append((one, _send(settings, post, one, told_in)))
                if post.problem() is not None:
                    break
            assert outcomes, "every message is in some letter"
            with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
                for sent_letter, outcome in outcomes:
                    for message in sent_letter.told:
                        _write_down(settings, connection, sent_letter, message, outcome)
                        untried.discard(message["message_id"])
            sent += sum(len(one.told) for one, outcome in outcomes if outcome.reached)
    if untried:
        with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
            ledger.note_unsent(connection, untried, str(problem))
    return sent, len(waiting) - sent


class Post:
    """Where mail goes: a mail server, connected to when the first one leaves, or files where none is configured."""

    def __init__(self, smtp: Smtp | None) -> None:
        self.smtp, self.losses = smtp, 0
        self._server: smtplib.SMTP | None = None
        self._given_up: str | None = None

    def __enter__(self) -> "Post":
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            # What was sent is sent, however the server takes its leave.
            with suppress(OSError, smtplib.SMTPException):
                self._server.quit()
            self._server.close()

    def problem(self) -> str | None:
        """Why no mail can leave now, as the type of an error; None when one can. Connects, again where it must.

        A mail at which a server hangs up does not keep the next one from going, until it did so ``LOSSES`` times in
        a row.
        """
        if self.smtp is None or self._given_up or (self._server is not None and self._server.sock is not None):
            return self._given_up
        self.losses += self._server is not None
        if self.losses >= LOSSES:
            self._given_up = smtplib.SMTPServerDisconnected.__name__
            return self._given_up
        try:
            self._server = connected(self.smtp)
        except (OSError, smtplib.SMTPException) as error:
            self._given_up = type(error).__name__
        return self._given_up

    def hand_over(self, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
        """Give one mail to the server; returns the addresses that it refused. Raises what smtplib raises."""
        if self._server is None:
            raise smtplib.SMTPServerDisconnected
        refused = self._server.send_message(mail)
        self.losses = 0
        return refused


def _write_down(
    settings: Settings, connection: Any, sent_letter: Letter, message: dict[str, Any] | Any, outcome: Outcome
) -> None:
    moment, refused = settings.now(), (message["refused"] or 0) + outcome.refused
    state = "sent" if outcome.reached else "dead" if refused >= GIVE_UP else "waiting"
    connection.execute(
        "UPDATE warehouse.ledger.outbox SET state = ?, attempts = ?, refused = ?, last_error = ?, sent_at = ?, "
        "sent_to = ?, told_in = ? WHERE message_id = ?",
        [
            state,
            message["attempts"] + 1,
            refused,
            outcome.error,
            moment.replace(tzinfo=None) if outcome.reached else None,
            outcome.reached,
            sent_letter.id if sent_letter.id != message["message_id"] else None,
            message["message_id"],
        ],
    )
    if outcome.reached and message["kind"] == "checked":  # of a check the ledger keeps only that it happened
        connection.execute(
            "UPDATE warehouse.ledger.outbox SET payload = ? WHERE message_id = ?",
            ['{"kind": "checked"}', message["message_id"]],
        )
    if outcome.reached:
        details = {"to": outcome.reached}
        ledger.audit(
            connection,
            f"{message['kind']}.sent",
            message["message_id"],
            details,
            actor=settings.actor,
            at=moment,
        )
    for address in outcome.gone:
        subject = f"mail-{message['partner'] or 'operator'}-{today(settings)}"
        if message["partner"] is not None and not ledger.has_message(connection, subject, "operator"):
            ledger.post(connection, on_refused_address(settings, message["partner"], address), subject, moment)


def _send(settings: Settings, post: Post, one: Letter, told_in: dict[str, str]) -> Outcome:
    """Send one mail; where the officer's address is refused for good, the next in line gets it at once."""
    if post.smtp is None:
        write_whole(settings.home / "outbox" / f"{one.id}.eml", one.mail.as_bytes())
        return Outcome(str(one.mail["To"]))
    outcome = _hand_over(post, one.mail)
    if outcome.busy and one.first["attempts"] < BUSY_TRIES:
        # The mailbox gets it once more, under the same id: better than that the officer never does.
        return Outcome(None, outcome.error, gone=outcome.gone)
    person = str(one.mail["To"])
    if person not in outcome.gone or one.first["partner"] is None:
        return outcome
    partner = settings.partnership.partners[one.first["partner"]]
    in_line, _ = people_of(settings, partner, ["deputy", "data_quality_lead"])
    reached, gone = None, list(outcome.gone)
    for stand_in in in_line:
        if stand_in.email == person:
            continue
        for message in one.told:
            again = _hand_over(post, letter(settings, message, told_in=told_in, to=stand_in))
            reached = again.reached or reached
            gone += again.gone
        if reached:
            break
    return Outcome(reached or outcome.reached, outcome.error, outcome.refused, tuple(gone))


def _hand_over(post: Post, mail: EmailMessage) -> Outcome:
    try:
        refused = post.hand_over(mail)
    except smtplib.SMTPRecipientsRefused as error:
        gone = _for_good(error.recipients)
        return Outcome(None, type(error).__name__, bool(gone), gone)
    except smtplib.SMTPDataError as error:
        return Outcome(None, type(error).__name__, error.smtp_code >= FOR_GOOD)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(None, type(error).__name__)
    addresses = [address for _, address in getaddresses([str(mail["To"]), str(mail["Cc"] or "")])]
    reached = next(address for address in addresses if address not in refused)
    error_type = smtplib.SMTPRecipientsRefused.__name__ if refused else None
    gone = _for_good(refused)
    return Outcome(reached, error_type, False, gone, busy=addresses[0] in refused.keys() - set(gone))


def _for_good(refused: dict[str, tuple[int, bytes]]) -> tuple[str, ...]:
    return tuple(address for address, (code, _) in refused.items() if code >= FOR_GOOD)


def connected(smtp: Smtp) -> smtplib.SMTP:
    """A connection to the mail server, signed in; the caller closes it. Raises OSError or SMTPException."""
    server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT)
    try:
        if smtp.starttls:
            server.starttls(context=ssl.create_default_context(cafile=smtp.ca))
        if smtp.user:
            server.login(smtp.user, smtp.password or "")
    except BaseException:
        server.close()
        raise
    return server
