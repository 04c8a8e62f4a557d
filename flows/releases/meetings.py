"""Meetings: what a layer meets about is frozen at its data cut-off, and stays as it was however the figures move."""

from flows.publish import Made, PublishError, publish
from flows.settings import Settings, today
from schemas.framework import Framework, Meeting
from schemas.periods import in_words
from warehouse import ledger
from warehouse.connection import open_warehouse, transaction
from warehouse.release import find_release, keep_for_meeting


def publish_for_meeting(settings: Settings, written: str) -> Made:
    """The publication a meeting has in its papers: made at the first call from the cut-off on, the same ever after.

    `written` names the layer and the day: borough-partnership/2009-11-03.

    Raises:
        PublishError: no such meeting, or its cut-off has not come.
    """
    framework, meeting = _found(settings, written)
    frozen = _frozen(settings, meeting)
    if frozen is not None:
        folder = find_release(settings.published, frozen)
        pages = tuple(folder / layer.id / "index.html" for layer in framework.layers)
        return Made(frozen, folder, pages, False)
    if today(settings) < meeting.cut_off:
        raise PublishError(
            f"The data cut-off of {meeting.key} is {in_words(meeting.cut_off)}. For a look before then: "
            f"exchange publish --framework {framework.id} --period {meeting.period.id}"
        )
    made = publish(settings, framework.id, meeting.period.id)
    keep_for_meeting(settings.published, made.folder, framework.id, meeting.key)
    moment = settings.now()
    with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
        ledger.audit(
            connection,
            "publication.frozen",
            made.folder.name,
            {"framework": framework.id, "period": meeting.period.id, "meeting": meeting.key},
            actor=settings.actor,
            at=moment,
        )
    return made


def due_meetings(settings: Settings) -> list[str]:
    """The meetings whose cut-off has come, which are still ahead, and for which nothing is frozen."""
    day = today(settings)
    return [
        meeting.key
        for framework in settings.partnership.frameworks.values()
        for meeting in framework.meetings
        if meeting.cut_off <= day <= meeting.on and _frozen(settings, meeting) is None
    ]


def _found(settings: Settings, written: str) -> tuple[Framework, Meeting]:
    known = [(one, meeting) for one in settings.partnership.frameworks.values() for meeting in one.meetings]
    for framework, meeting in known:
        if meeting.key == written:
            return framework, meeting
    listed = ", ".join(meeting.key for _, meeting in known) or "none"
    raise PublishError(f"There is no meeting {written}. The frameworks' files name: {listed}.")


def _frozen(settings: Settings, meeting: Meeting) -> str | None:
    with open_warehouse(settings.home) as connection:
        if not ledger.is_prepared(connection):
            return None
        rows = ledger.rows(
            connection,
            "SELECT subject FROM warehouse.ledger.audit WHERE event = 'publication.frozen' "
            "AND json_extract_string(details, '$.meeting') = ? ORDER BY sequence",
            [meeting.key],
        )
    return rows[0]["subject"] if rows else None
