"""Reads the folder that organisers write into a Process, or into all its problems."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot import content_rules
from bot.content_tables import AccessibilityFile, AnswerFile, EventFile, PrivacyFile, ProcessFile, RemindersFile, Words
from bot.core.events import Event
from bot.core.process import KnownAnswer, Privacy, Process
from bot.core.survey import Survey
from bot.core.texts import Text
from bot.paths import VOCABULARIES
from bot.problems import (
    UNREADABLE,
    UNREADABLE_LIST,
    Findings,
    Problem,
    Table,
    Unreadable,
    read_toml,
    struct_of,
)
from bot.survey_file import SurveyReader


def load_process(folder: Path, locales: Sequence[str]) -> Process:
    """The process that a folder describes. Raises Unreadable with every problem that would stop or mislead it."""
    process, problems = examine(folder, locales)
    serious = [problem for problem in problems if not problem.only_live]
    if process is None or serious:
        raise Unreadable(serious)
    return process


def examine(folder: Path, locales: Sequence[str]) -> tuple[Process | None, list[Problem]]:
    """The process, or None where it cannot be built, and all problems; `locales` are the languages the bot speaks."""
    if not folder.is_dir():
        nowhere = Findings(str(folder))
        nowhere.add("there is no such folder", "Name the content's folder, or make one: mitreden init FOLDER.")
        return None, nowhere.problems
    files = {name: Findings(str(folder / f"{name}.toml")) for name in ("process", "survey", "events", "answers")}
    tables = {name: read_toml(Path(findings.file), findings) for name, findings in files.items()}

    head = struct_of(tables["process"], ProcessFile, files["process"]) if tables["process"] is not None else None
    languages = tuple(head.languages) if head else ()
    zone = _zone(head.time_zone, files["process"]) if head else ZoneInfo("Europe/Berlin")
    survey = SurveyReader(languages, files["survey"]).build(tables["survey"], head)
    events = _events(tables["events"], zone, languages, files["events"])
    answers = _answers(tables["answers"], languages, files["answers"])
    process = _process(head, zone, locales, survey, events, answers, files["process"])
    return process, sorted({problem for findings in files.values() for problem in findings.problems})


def _zone(name: str, findings: Findings) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        findings.within("time_zone").add(f'there is no time zone "{name}"', 'Write one such as "Europe/Berlin".')
        return ZoneInfo("Europe/Berlin")


def _process(  # noqa: PLR0913, PLR0917 - the parts that a process is put together from
    head: ProcessFile | None,
    zone: ZoneInfo,
    locales: Sequence[str],
    survey: Survey | None,
    events: tuple[Event, ...],
    answers: tuple[KnownAnswer, ...],
    findings: Findings,
) -> Process | None:
    if head is None:
        return None
    languages = tuple(head.languages)
    told = findings.within("privacy") if head.privacy is not UNREADABLE else Findings("")
    privacy = struct_of(head.privacy, PrivacyFile, told)
    accessibility = struct_of(head.accessibility, AccessibilityFile, findings.within("accessibility"))
    title = content_rules.text(head.title, languages, findings.within("title"))
    about = content_rules.text(head.about, languages, findings.within("about"))
    if head.languages is not UNREADABLE_LIST:
        content_rules.check_languages(languages, locales, findings.within("languages"))
    content_rules.check_days(head.opens, head.closes, findings)
    content_rules.check_elsewhere(head.elsewhere, events, findings.within("elsewhere"))
    content_rules.check_filled(findings, id=head.id, organiser=head.organiser, website=head.website)
    if privacy is None or accessibility is None:
        return None
    content_rules.check_figures(privacy.min_age, privacy.consent_version, findings.within("privacy"))
    reminders = struct_of(head.reminders, RemindersFile, findings.within("reminders")) or RemindersFile()
    leads = content_rules.leads(reminders.before, findings.within("reminders"))
    process = None
    if survey is not None:
        process = Process(
            id=head.id,
            title=title,
            organiser=head.organiser,
            website=head.website,
            languages=languages,
            zone=zone,
            opens=head.opens,
            closes=head.closes,
            about=about,
            privacy=Privacy(
                consent_version=privacy.consent_version,
                controller=privacy.controller,
                contact=privacy.contact,
                data_protection_officer=privacy.data_protection_officer,
                min_age=privacy.min_age,
                legal_basis=_given(privacy.legal_basis, languages, findings.within("privacy", "legal_basis")),
                retention=_given(privacy.retention, languages, findings.within("privacy", "retention")),
            ),
            accessibility_contact=accessibility.contact,
            enforcement_body=accessibility.enforcement_body,
            survey=survey,
            events=events,
            answers=answers,
            leads=leads,
            elsewhere=tuple(head.elsewhere),
        )
        content_rules.check_live(process, findings)
    return process


def _given(words: Words | None, languages: tuple[str, ...], findings: Findings) -> Text | None:
    """A text that may still be empty: None then, complete in all languages otherwise."""
    return content_rules.text(words, languages, findings) if words and any(words.values()) else None


def _events(table: Table | None, zone: ZoneInfo, languages: tuple[str, ...], findings: Findings) -> tuple[Event, ...]:
    events: list[tuple[Event, Findings]] = []
    for entry, place in _entries(table, "event", findings):
        file = struct_of(entry, EventFile, place)
        if file is None:
            continue
        content_rules.check_filled(place, place=file.place, address=file.address)
        content_rules.check_weekday(file.starts_at, file.weekday, place)
        for key, instant in (("starts_at", file.starts_at), ("ends_at", file.ends_at)):
            content_rules.check_offset(key, instant, zone, place)
        event = Event(
            id=file.id,
            starts_at=_local(file.starts_at, zone),
            place=file.place,
            address=file.address,
            aliases=tuple(file.aliases),
            cancelled=file.cancelled,
            ends_at=_local(file.ends_at, zone) if file.ends_at else None,
            latitude=file.latitude,
            longitude=file.longitude,
            capacity=file.capacity,
            registration=_given(file.registration, languages, place.within("registration")),
            accessibility=_given(file.accessibility, languages, place.within("accessibility")),
        )
        events.append((event, place))
    content_rules.check_events(events)
    return tuple(sorted((event for event, _ in events), key=lambda event: event.starts_at))


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    """An instant as organisers write it: without an offset it is wall time."""
    return instant.replace(tzinfo=zone) if instant.tzinfo is None else instant.astimezone(zone)


def _answers(table: Table | None, languages: tuple[str, ...], findings: Findings) -> tuple[KnownAnswer, ...]:
    understood = tuple(path.stem for path in VOCABULARIES.glob("*.toml"))
    answers: list[tuple[KnownAnswer, Findings]] = []
    for entry, place in _entries(table, "answer", findings):
        file = struct_of(entry, AnswerFile, place)
        if file is None:
            continue
        content_rules.check_filled(place, source=file.source)
        content_rules.check_example_questions(file.questions, languages, place, understood)
        known = KnownAnswer(
            id=file.id,
            questions={language: tuple(examples) for language, examples in file.questions.items()},
            answer=content_rules.text(file.answer, languages, place.within("answer"), understood),
            source=file.source,
            valid_until=file.valid_until,
            intent=file.intent,
        )
        answers.append((known, place))
    content_rules.check_ids([(answer.id, place) for answer, place in answers], "answer")
    content_rules.check_collisions(answers)
    return tuple(answer for answer, _ in answers)


def _entries(table: Table | None, name: str, findings: Findings) -> list[tuple[object, Findings]]:
    """The `[[name]]` tables of a file with their places; anything else in it is a finding."""
    if table is None:
        return []
    for key in table:
        if key != name:
            findings.add(f'unknown key "{key}"', f"This file has [[{name}]] tables only.", key)
    entries = table.get(name, [])
    if not isinstance(entries, list):
        findings.add(f'"{name}" is not a list of tables', f"Write [[{name}]] with two brackets.", name)
        return []
    return [
        (entry, findings.at(_place(entry, name, number), name, number - 1)) for number, entry in enumerate(entries, 1)
    ]


def _place(entry: object, name: str, number: int) -> str:
    known = entry.get("id") if isinstance(entry, Mapping) else None
    return f'{name} "{known}"' if known else f"{name} {number}"
