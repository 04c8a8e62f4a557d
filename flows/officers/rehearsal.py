"""A rehearsal: every mail goes to one address, and says in its text whom it was meant for."""

from email.message import EmailMessage


def redirected(mail: EmailMessage, address: str | None) -> EmailMessage:
    """The mail as a rehearsal sends it (EXCHANGE_REDIRECT_ALL_MAIL); as it is, where no address is set."""
    if address is None:
        return mail
    meant = ", ".join(str(mail[name]) for name in ("To", "Cc") if mail[name])
    said = f"This is a rehearsal. Outside it, this message would have gone to: {meant}."
    del mail["To"], mail["Cc"]
    mail["To"] = address
    for part in mail.walk():
        if part.is_attachment():
            continue
        if part.get_content_type() == "text/plain":
            part.set_content(f"{said}\n\n{part.get_content()}")
        elif part.get_content_type() == "text/html":
            page = part.get_content()
            start = page.find(">", page.find("<body")) + 1
            part.set_content(f"{page[:start]}<p><strong>{said}</strong></p>{page[start:]}", subtype="html")
    return mail
