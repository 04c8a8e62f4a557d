"""Mail leaves by a real SMTP server on loopback (STARTTLS, AUTH), reaches the right role, and none is lost."""

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from flows.cli.status import status
from flows.cli.terminal import status_text
from flows.drain import drain
from flows.ingest import ingest_waiting
from flows.land import deliver
from flows.notify import GIVE_UP, send_outbox
from flows.officers.alerts import list_alerts
from flows.settings import Settings, SettingsError, Smtp, load_settings
from tests.definitions import copy_definitions
from tests.flows.waste import HEADER, KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[..., Settings]
CANARY = "ZXCANARY"
SENDER, USER, PASSWORD = "exchange@partnership.example", "exchange", "ZXSECRET"
OFFICER, DEPUTY = "alex.rowntree@council.example", "chris.verey@council.example"
MAILBOX, GOVERNANCE = "performance-data@council.example", "data-protection@council.example"
MONDAY = "2009-07-20"


@dataclass
class Postbox:
    """What the server was given: envelope recipients and mails; ``refuses`` are addresses it does not know."""

    refuses: set[str] = field(default_factory=set)
    received: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    farewell: str = "221 Bye"
    refusal: str = "550 no such mailbox"
    hangs_up_at: str | None = None  # the text of a mail

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert session.ssl is not None
        assert session.authenticated
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        if self.hangs_up_at is not None and self.hangs_up_at in everything(mail):
            assert server.transport is not None
            server.transport.close()
        self.received.append((list(envelope.rcpt_tos), mail))
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.farewell

    def ids(self) -> list[str]:
        return sorted(id_of(mail) for _, mail in self.received)


@dataclass(frozen=True)
class Certificate:
    """A server's certificate, made for these tests, that vouches for itself."""

    path: Path
    key: Path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    written = Certificate(folder / "certificate.pem", folder / "key.pem")
    written.path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    written.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return written


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def smtp(port: int, certificate: Certificate) -> Smtp:
    return Smtp("127.0.0.1", port, SENDER, USER, PASSWORD, starttls=True, ca=certificate.path)


Serve = Callable[..., Postbox]


@pytest.fixture
def serve(port: int, certificate: Certificate) -> Iterator[Serve]:
    """Start the server, once; it takes mail from who has encrypted the line and knows the password."""
    running: list[Controller] = []

    def start(**about: Any) -> Postbox:
        postbox = Postbox(**about)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.path, certificate.key)
        controller = Controller(
            postbox,
            hostname="127.0.0.1",
            port=port,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=_knows,
        )
        controller.start()
        running.append(controller)
        return postbox

    yield start
    for controller in running:
        controller.stop()


def _knows(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


def arrive(settings: Settings, folder: Path, name: str = "waste.csv", header: str = HEADER) -> str:
    """A file that ends at the door, since it does not say its period: one alert."""
    deliver(settings, waste(folder, name=name, header=header), KEY)
    (delivery_id,) = ingest_waiting(settings)
    return delivery_id


def outbox(settings: Settings) -> list[dict[str, Any]]:
    with open_warehouse(settings.home) as connection:
        return ledger.rows(
            connection,
            "SELECT kind, state, attempts, last_error, sent_to FROM warehouse.ledger.outbox ORDER BY message_id",
        )


def test_an_alert_reaches_the_officer_and_the_roles_mailbox(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve
) -> None:
    postbox = serve()
    settings = replace(at(MONDAY), smtp=smtp)
    bad = f"2009-05,bring_sites,household,glass,recycle,{CANARY},"
    deliver(settings, waste(tmp_path, "2009-04,kerbside_residual,household,residual,efw,4000,", bad), KEY)
    (row,) = drain(settings)
    assert row["decision"] == "accepted_with_exceptions"
    assert [recipients for recipients, _ in postbox.received] == [[OFFICER, MAILBOX]]
    for _, mail in postbox.received:
        assert (mail["From"], mail["To"], mail["Cc"]) == (SENDER, OFFICER, MAILBOX)
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Date"] == "Mon, 20 Jul 2009 00:00:00 +0000"
        assert "Alex Rowntree" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert CANARY not in everything(mail)
    assert postbox.ids() == [f"<{row['delivery_id']}.1.alert@partnership.example>"]
    (told,) = list_alerts(settings)
    assert (told["sent"], told["sent_to"]) == (True, OFFICER)
    assert send_outbox(settings) == (0, 0)


def test_of_a_held_file_governance_the_incident_contact_and_the_operator_hear_too(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve
) -> None:
    postbox = serve()
    settings = replace(at(MONDAY), smtp=smtp)
    held = waste(
        tmp_path, f"2009-04,kerbside_residual,household,residual,efw,1,,{CANARY}", header=HEADER + ",Surname"
    )
    deliver(settings, held, KEY)
    ingest_waiting(settings)
    assert send_outbox(settings) == (2, 0)
    partnership = settings.partnership
    heard = {id_of(mail).partition("@")[0].split(".")[-1]: recipients for recipients, mail in postbox.received}
    assert heard == {
        "alert": [OFFICER, MAILBOX, GOVERNANCE, partnership.incident_contact],
        "operator": [partnership.operator.email],
    }
    assert not any(CANARY in everything(mail) for _, mail in postbox.received)


def test_a_file_that_begins_with_a_row_puts_none_of_it_into_a_mail(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve
) -> None:
    """Without its header a file's first row stands where the column names should be."""
    postbox = serve()
    settings = replace(at(MONDAY), smtp=smtp)
    rows = [f"{CANARY}{n},kerbside_residual,{CANARY},Full name {CANARY},efw,1,{CANARY}" for n in range(2)]
    plain = [row.replace("Full name ", "") for row in rows]
    for header, row in (rows, plain):
        deliver(settings, waste(tmp_path, row, header=header), KEY)
    states = sorted(row["state"] for row in drain(settings))
    assert states == ["held", "rejected"]
    assert len(postbox.received) == 3
    assert not any(CANARY in everything(mail) for _, mail in postbox.received)
    assert CANARY not in str(list_alerts(settings))


def test_while_the_officer_is_away_the_deputy_answers(at: At, tmp_path: Path, smtp: Smtp, serve: Serve) -> None:
    postbox = serve()
    settings = replace(at(MONDAY, council_away_until(tmp_path, "2009-07-31")), smtp=smtp)
    arrive(settings, tmp_path)
    back = replace(at("2009-08-01", settings.partnership_root), smtp=smtp)
    for one in (settings, back):
        assert send_outbox(one) == ((1, 0) if one is settings else (0, 0))
    arrive(back, tmp_path, header=HEADER + ",more")
    send_outbox(back)
    assert [str(mail["To"]) for _, mail in postbox.received] == [DEPUTY, OFFICER]
    assert {str(mail["Cc"]) for _, mail in postbox.received} == {MAILBOX}
    assert "Chris Verey" in everything(postbox.received[0][1])


def test_what_waits_goes_to_who_answers_on_the_day_it_is_sent(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve
) -> None:
    root = council_away_until(tmp_path, "2009-07-31")
    arrive(at(MONDAY, root), tmp_path)
    postbox = serve()
    send_outbox(replace(at("2009-08-03", root), smtp=smtp))
    assert {str(mail["To"]) for _, mail in postbox.received} == {OFFICER}


def test_with_the_server_down_messages_wait_and_then_go_once_under_the_same_id(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve
) -> None:
    settings = replace(at(MONDAY), smtp=smtp)
    delivery_id = arrive(settings, tmp_path)
    for attempt in (1, 2):
        assert send_outbox(settings) == (0, 1)
        assert {
            (row["state"], row["attempts"], row["last_error"], row["sent_to"]) for row in outbox(settings)
        } == {("waiting", attempt, "ConnectionRefusedError", None)}
    postbox = serve()
    assert [send_outbox(settings) for _ in range(2)] == [(1, 0), (0, 0)]
    assert postbox.ids() == [f"<{delivery_id}.1.alert@partnership.example>"]
    assert {(row["state"], row["last_error"]) for row in outbox(settings)} == {("sent", None)}


def test_an_address_refused_for_good_brings_the_deputy_in_at_once_and_the_operator_hears(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve
) -> None:
    settings = replace(at(MONDAY), smtp=smtp)
    postbox = serve(refuses={OFFICER})
    arrive(settings, tmp_path)
    assert send_outbox(settings) == (2, 0)
    operator = settings.partnership.operator.email
    assert [recipients for recipients, _ in postbox.received] == [[MAILBOX], [DEPUTY], [operator]]
    assert {(row["kind"], row["state"], row["sent_to"]) for row in outbox(settings)} == {
        ("alert", "sent", DEPUTY),
        ("operator", "sent", operator),
    }, "what is noted is who got it"
    assert "Chris Verey" in everything(postbox.received[1][1])
    assert f"refuses {OFFICER} for good" in " ".join(everything(postbox.received[2][1]).split())
    arrive(settings, tmp_path, header=HEADER + ",more")
    send_outbox(settings)
    assert len([row for row in outbox(settings) if row["kind"] == "operator"]) == 1, "told once a day"


def test_an_address_that_is_busy_is_tried_again_and_the_deputy_left_alone(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve
) -> None:
    settings = replace(at(MONDAY), smtp=smtp)
    postbox = serve(refuses={OFFICER, MAILBOX}, refusal="451 busy")
    arrive(settings, tmp_path)
    assert send_outbox(settings) == (0, 1)
    postbox.refuses.clear()
    assert send_outbox(settings) == (1, 0)
    assert [recipients for recipients, _ in postbox.received] == [[OFFICER, MAILBOX]]


def test_an_officer_who_is_busy_gets_it_later_although_the_mailbox_has_it(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve
) -> None:
    settings = replace(at(MONDAY), smtp=smtp)
    postbox = serve(refuses={OFFICER}, refusal="451 greylisted")
    arrive(settings, tmp_path)
    assert send_outbox(settings) == (0, 1)
    postbox.refuses.clear()
    assert send_outbox(settings) == (1, 0)
    assert [recipients for recipients, _ in postbox.received] == [[MAILBOX], [OFFICER, MAILBOX]]
    postbox.refuses.add(OFFICER)
    arrive(settings, tmp_path, header=HEADER + ",more")
    assert [send_outbox(settings) for _ in range(4)] == [(0, 1)] * 3 + [(1, 0)], "but not for ever"


def test_a_mail_at_which_the_server_hangs_up_keeps_no_other_from_going(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve
) -> None:
    settings = replace(at(MONDAY), smtp=smtp)
    delivery_id = arrive(settings, tmp_path, header=HEADER + ",more")
    arrive(settings, tmp_path)
    postbox = serve(hangs_up_at=delivery_id)
    assert send_outbox(settings) == (1, 1)
    assert [delivery_id in id_of(mail) for _, mail in postbox.received] == [True, False]
    postbox.hangs_up_at = None
    assert send_outbox(settings) == (1, 0)


def test_a_mail_that_nobody_takes_waits_and_the_next_one_goes(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve
) -> None:
    settings = replace(at(MONDAY), smtp=smtp)
    lead = settings.partnership.data_quality_lead.email
    postbox = serve(refuses={OFFICER, MAILBOX, DEPUTY, lead})
    delivery_id = arrive(settings, tmp_path)
    assert send_outbox(settings) == (1, 1), "the operator hears"
    assert [recipients for recipients, _ in postbox.received] == [[settings.partnership.operator.email]]
    assert {(row["kind"], row["state"], row["last_error"]) for row in outbox(settings)} == {
        ("alert", "waiting", "SMTPRecipientsRefused"),
        ("operator", "sent", None),
    }
    postbox.refuses.clear()
    assert send_outbox(settings) == (1, 0)
    assert id_of(postbox.received[-1][1]) == f"<{delivery_id}.1.alert@partnership.example>"


def test_what_is_refused_too_often_waits_for_a_person(at: At, tmp_path: Path, smtp: Smtp, serve: Serve) -> None:
    settings = replace(at(MONDAY), smtp=smtp)
    people = {OFFICER, MAILBOX, DEPUTY, settings.partnership.data_quality_lead.email}
    postbox = serve(refuses=people)
    arrive(settings, tmp_path)
    for _ in range(GIVE_UP):
        send_outbox(settings)
    assert {(row["kind"], row["state"]) for row in outbox(settings)} == {("alert", "dead"), ("operator", "sent")}
    assert send_outbox(settings) == (0, 0)
    assert status(settings)["mail"]["dead"] == 1
    assert "1 given up: the mail server refused them too often" in status_text(status(settings))
    postbox.refuses.clear()
    assert send_outbox(settings, dead_too=True) == (1, 0)
    assert status(settings)["mail"]["dead"] == 0
    assert "Mail:" not in status_text(status(settings))


def test_what_is_said_of_a_slot_is_one_conversation_that_its_correction_ends(at: At, tmp_path: Path) -> None:
    for day, rows in (
        ("2009-07-20T09:00", ["x,,,,,,"]),
        ("2009-07-21T09:00", ["y,,,,,,"]),
        ("2009-07-22T09:00", []),
    ):
        deliver(at(day), waste(tmp_path, *rows), KEY)
        drain(at(day))
    settings = at("2009-07-22T09:00")
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in (settings.home / "outbox").iterdir()
    ]
    first, second, third = sorted(mails, key=lambda mail: mail["Date"].datetime)
    assert (first["In-Reply-To"], first["References"]) == (None, None)
    assert (second["In-Reply-To"], second["References"]) == (id_of(first), id_of(first))
    assert (third["In-Reply-To"], third["References"]) == (id_of(second), f"{id_of(first)} {id_of(second)}")
    assert [str(mail["Subject"]).partition("]")[0] for mail in (first, second)] == [
        "[Act by Wed 17:00",
        "[Act by Thu 17:00",
    ]
    assert str(third["Subject"]) == "Resolved: Council household waste, Apr-Jun 2009: accepted"
    assert list_alerts(settings) == []
    assert all(one["settled_by"] for one in list_alerts(settings, all_of_them=True))


def test_an_id_stands_on_the_line_of_its_name(at: At, tmp_path: Path) -> None:
    for day in ("2009-07-20T09:00", "2009-07-21T09:00"):
        deliver(at(day), waste(tmp_path, f"x{day},,,,,,"), KEY)
        drain(at(day))
    for path in (at(MONDAY).home / "outbox").iterdir():
        lines = path.read_bytes().split(b"\r\n\r\n")[0].split(b"\r\n")
        assert all(
            b"<" in line for line in lines if line.startswith((b"Message-ID", b"References", b"In-Reply-To"))
        )


def test_many_files_of_one_partner_are_told_in_one_mail(at: At, tmp_path: Path, smtp: Smtp, serve: Serve) -> None:
    settings = replace(at(MONDAY), smtp=smtp)
    postbox = serve()
    for number in range(1, 5):
        row = f"{number},,,,,," if number < 3 else f"2009-04,kerbside_residual,household,residual,efw,{number},"
        deliver(
            settings, waste(tmp_path, row), KEY, f"FY2008-Q{number}" if number < 3 else f"FY2009-Q{number - 2}"
        )
    drain(settings)
    ((recipients, mail),) = postbox.received
    assert recipients == [OFFICER, MAILBOX]
    assert "4 files taken in" in mail["Subject"]
    assert {(row["state"], row["sent_to"]) for row in outbox(settings)} == {("sent", OFFICER)}


def test_a_server_that_takes_its_leave_rudely_has_the_mail_all_the_same(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve
) -> None:
    settings = replace(at(MONDAY), smtp=smtp)
    postbox = serve(farewell="421 closing")
    arrive(settings, tmp_path)
    assert [send_outbox(settings) for _ in range(2)] == [(1, 0), (0, 0)]
    assert len(postbox.received) == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"ca": None}, "SSLCertVerificationError"),
        ({"password": "wrong"}, "SMTPAuthenticationError"),
        ({"starttls": False}, "SMTPNotSupportedError"),
    ],
    ids=["unknown authority", "wrong password", "no encryption"],
)
def test_a_server_we_do_not_trust_or_that_does_not_trust_us_gets_nothing(
    at: At, tmp_path: Path, smtp: Smtp, serve: Serve, change: dict[str, Any], error: str
) -> None:
    postbox = serve()
    settings = replace(at(MONDAY), smtp=replace(smtp, **change))
    arrive(settings, tmp_path)
    assert send_outbox(settings) == (0, 1)
    assert postbox.received == []
    assert {(row["state"], row["last_error"]) for row in outbox(settings)} == {("waiting", error)}


def test_without_a_server_every_mail_is_a_file_for_the_owner_only(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    delivery_id = arrive(settings, tmp_path)
    assert send_outbox(settings) == (1, 0)
    files = sorted((settings.home / "outbox").iterdir())
    assert [path.name for path in files] == [f"{delivery_id}.1.alert.eml"]
    for path in files:
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert (mail["To"], mail["Cc"]) == (OFFICER, MAILBOX)
        assert id_of(mail).startswith(f"<{path.stem}@")
        assert path.stat().st_mode & 0o077 == 0
    assert [send_outbox(settings), send_outbox(settings)] == [(0, 0), (0, 0)]


def test_a_mail_setting_that_cannot_be_meant_is_said(tmp_path: Path, certificate: Certificate) -> None:
    basis = {"EXCHANGE_SMTP_HOST": "mail.example", "EXCHANGE_SMTP_SENDER": SENDER}
    for written, on in {
        "": True,
        "yes": True,
        "On": True,
        "1": True,
        "no": False,
        "off": False,
        "0": False,
    }.items():
        smtp = load_settings({**basis, "EXCHANGE_SMTP_STARTTLS": written}).smtp
        assert smtp is not None
        assert smtp.starttls is on
    for name, value in (
        ("STARTTLS", "maybe"),
        ("CA", str(tmp_path / "none.pem")),
        ("PORT", "smtp"),
        ("SENDER", ""),
    ):
        with pytest.raises(SettingsError, match=f"EXCHANGE_SMTP_{name}"):
            load_settings({**basis, f"EXCHANGE_SMTP_{name}": value})
    trusting = load_settings(
        {**basis, "EXCHANGE_SMTP_CA": str(certificate.path), "EXCHANGE_SMTP_PASSWORD": PASSWORD}
    )
    assert trusting.smtp is not None
    assert trusting.smtp.ca == certificate.path
    assert PASSWORD not in repr(trusting)


def council_away_until(folder: Path, day: str) -> Path:
    """The shipped partnership, but for the council's officer, who is away."""
    root = copy_definitions(folder / "partnership")
    path = root / "schemas" / "partners" / "council.yaml"
    path.write_text(path.read_text().replace("away_until: null", f"away_until: {day}"))
    return root


def id_of(mail: EmailMessage) -> str:
    return str(mail["Message-ID"])


def everything(mail: EmailMessage) -> str:
    """A mail's headers and every part of it, decoded."""
    parts = [str(part.get_content()) for part in mail.walk() if not part.is_multipart()]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *parts])
