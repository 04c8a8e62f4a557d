"""The alert an officer can act on, word for word: a quarter's crime fails at ten to five on a Friday."""

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flows.drain import drain
from flows.land import deliver
from flows.settings import Settings

GOLDEN = Path(__file__).parent / "friday_alert.txt"
KEY = "police/recorded_crime"
HEADER = "crime_ref,offence_code,recorded_on,occurred_from,occurred_to,ward_code,lsoa_code,domestic_flag,outcome"
GOOD = "ZXREF0,28,2009-10-14,2009-10-13,2009-10-13,00ANGA,,N,undetected"
BAD = (
    ",28,2009-11-02,2009-11-01,2009-11-02,00ANGA,,N,undetected",
    ",30,2009-11-03,2009-11-01,2009-11-02,00ANGA,,N,undetected",
    "ZXREF3,999ZX,2009-12-05,2009-12-04,2009-12-04,00ANGA,,N,undetected",
    "ZXREF4,28,2010-01-04,2009-12-31,2009-12-31,00ANGA,,N,undetected",
    "ZXREF5,28,2009-12-06,2009-12-09,2009-12-10,00ANGA,,N,undetected",
)


def send(settings: Settings, folder: Path, *rows: str) -> None:
    file = folder / "crime_FY2009-Q3.csv"
    file.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    deliver(settings, file, KEY)
    drain(settings)


def shown(mail: EmailMessage) -> str:
    """What a person sees of a mail, and the headers their mail program goes by."""
    names = ("From", "To", "Cc", "Date", "Subject", "Message-ID", "In-Reply-To", "References")
    headers = [f"{name}: {mail[name]}" for name in names if mail[name]]
    attached = [f"[attached: {part.get_filename()}]" for part in mail.iter_attachments()]
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
    return "\n".join([*headers, "", text.rstrip(), *attached]) + "\n"


def test_a_failure_late_on_friday_is_told_so_that_an_officer_can_act_on_it(
    at: Callable[[str], Settings], tmp_path: Path
) -> None:
    send(at("2009-11-03T10:00"), tmp_path, GOOD)
    friday = at("2010-01-08T16:50")
    send(friday, tmp_path, *BAD)
    (path,) = (friday.home / "outbox").glob("*.alert.eml")
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    measured = shown(mail)
    (tmp_path / GOLDEN.name).write_text(measured, encoding="utf-8")
    assert mail["Subject"] == "[Act by Tue 17:00] Police recorded crime, Oct-Dec 2009: not accepted"
    assert "ZX" not in measured + str(mail.get_body(("html",)))
    assert measured == GOLDEN.read_text(encoding="utf-8"), (
        f"the alert's words changed; when that is meant, copy {tmp_path / GOLDEN.name} to {GOLDEN}"
    )
