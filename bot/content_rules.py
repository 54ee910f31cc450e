"""The rules that content has to keep: what `mitreden check` reports beyond unknown keys and wrong types."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import get_day_names, get_month_names

from bot.core.events import Event
from bot.core.process import KnownAnswer, Process
from bot.core.reading.answers import colliding
from bot.core.recognition import fold
from bot.core.reminders import LEADS, Lead
from bot.core.texts import Text
from bot.problems import UNREADABLE, UNREADABLE_NAME, UNREADABLE_TIME, Findings

BUTTON_BYTES = 64
"""The most that Telegram lets a button carry: https://core.telegram.org/bots/api#inlinekeyboardbutton"""
LONGEST_EVENT_ID = 40
SIMPLE_WORDS = 12
FILLED = "…"
"""What stands for a text that could not be read."""
ID = re.compile(r"[a-z][a-z0-9_]*")


def text(words: Mapping[str, object], languages: tuple[str, ...], findings: Findings, also: Sequence[str] = ()) -> Text:
    """A text checked and made complete: every language of the process, none else but those of `also`, nothing empty.

    A gap is filled with another language, so that the rest of the content can still be examined. Without `languages`,
    where process.toml could not be read, those that are written are taken.
    """
    languages = languages or tuple(words)
    if words is UNREADABLE:
        return dict.fromkeys(languages, FILLED)
    given = {language: value for language, value in words.items() if isinstance(value, str)}
    for key in words:
        if key in given and key not in languages and key not in also and any(_calendar_words(key)):
            # Once for the whole file: whoever takes a language out of the process finds it in every text.
            findings.at("languages", "languages").add(
                f'there are texts in "{key}", and the process does not have that language',
                "Add it to languages in process.toml, or take these texts out.",
            )
        elif key not in languages and key not in also:
            findings.add(f'unknown key "{key}"', f"Known here: {', '.join(languages)}.", key)
        elif key not in given:
            findings.add(f'"{key}" is not a text', "Write it in quotation marks.", key)
    for language in languages:
        if language not in words:
            findings.add(f'the language "{language}" is missing', f'Add {language} = "…" here.')
        elif language in given and not given[language].strip():
            findings.add(f'the text in "{language}" is empty', "Write it, or remove the whole text.", language)
        elif language in given:
            _check_sentences(language, given[language], findings)
            _check_dates_in(language, given[language], findings)
    fallback = next((value for value in given.values() if value.strip()), FILLED)
    more = {language: given[language].strip() for language in given if language in also and given[language].strip()}
    return {**more, **{language: given.get(language, fallback).strip() for language in languages}}


def _check_sentences(language: str, words: str, findings: Findings) -> None:
    if not language.endswith("-simple"):
        return
    # A full stop after a figure is an ordinal ("3. Dezember"), not the end of a sentence.
    for sentence in re.split(r"(?<!\d)[.!?:]+(?:\s|$)|\n", words):
        count = len(re.findall(r"\w[\w'’.-]*", sentence))
        if count > SIMPLE_WORDS:
            start = " ".join(sentence.split()[:4])
            findings.add(
                f'"{language}" has a sentence of {count} words ("{start} …")',
                f"At most {SIMPLE_WORDS}: make it two.",
                language,
            )


@lru_cache
def _calendar_words(language: str) -> tuple[Mapping[str, int], Mapping[str, int]]:
    locale = language.partition("-")[0]
    try:
        Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        return {}, {}  # a language that the calendar does not know: told of where languages are named
    days = {name.casefold(): number for number, name in get_day_names("wide", locale=locale).items()}
    months = {name.casefold(): number for number, name in get_month_names("wide", locale=locale).items()}
    return days, months


def _check_dates_in(language: str, words: str, findings: Findings) -> None:
    """A weekday written beside a complete date has to be that date's."""
    days, months = _calendar_words(language)
    for found in re.finditer(r"(\w+),? (?:den |the )?(\d{1,2})(?:\.|st|nd|rd|th)? (\w+) (\d{4})", words):
        weekday, month = days.get(found[1].casefold()), months.get(found[3].casefold())
        if weekday is None or month is None:
            continue
        try:
            day = date(int(found[4]), month, int(found[2]))
        except ValueError:
            findings.add(f'"{found[0]}" is not a day of the calendar', "Correct the date.", language)
            continue
        if day.weekday() != weekday:
            findings.add(f'"{found[0]}" is a {day:%A}', "Correct the weekday or the date.", language)


def check_languages(languages: tuple[str, ...], locales: Sequence[str], findings: Findings) -> None:
    """At least one language, none twice, each with the bot's own words."""
    if not languages:
        findings.add("no language is named", 'Write languages = ["de"] or more.')
    for language in languages:
        if language not in locales:
            known = ", ".join(locales)
            findings.add(f'the bot has no words in "{language}"', f"Add locales/{language}.po, or use: {known}.")
        if languages.count(language) > 1:
            findings.add(f'"{language}" stands there twice', "Name each language once.")


def check_days(opens: date | None, closes: date | None, findings: Findings) -> None:
    """It closes on the day it opens or later."""
    if opens and closes and closes < opens:
        findings.add(f"it closes ({closes}) before it opens ({opens})", "Exchange the two or correct one.", "closes")


def check_figures(min_age: int, consent_version: int, findings: Findings) -> None:
    """What the privacy terms count is not below what can be counted."""
    for key, figure, least in (("min_age", min_age, 0), ("consent_version", consent_version, 1)):
        if figure < least:
            findings.add(f"{key} is below {least}", f"Write {least} or more.", key)


def check_filled(findings: Findings, **values: str) -> None:
    """Texts that may not be empty."""
    for name, value in values.items():
        if not value.strip():
            findings.within(name).add("it is empty", "Write it.")


def check_ids(ids: Sequence[tuple[str, Findings]], what: str) -> None:
    """Ids of the form the database and buttons need, each used once."""
    seen: set[str] = set()
    for name, findings in ids:
        if not ID.fullmatch(name):
            findings.add(f'"{name}" is no id', "Use lower-case letters, digits and _, beginning with a letter.", "id")
        if name in seen:
            findings.add(f'the id "{name}" is used twice', f"Give each {what} an id of its own.", "id")
        seen.add(name)


def check_weekday(starts_at: datetime, weekday: str, findings: Findings) -> None:
    """The weekday that an organiser wrote, in any language of the calendar, is the date's."""
    if not weekday or weekday.startswith(UNREADABLE_NAME) or starts_at == UNREADABLE_TIME:
        return
    known = {**_calendar_words("de")[0], **_calendar_words("en")[0]}
    number = known.get(weekday.strip().casefold())
    if number is None:
        findings.add(f'"{weekday}" is no weekday', "Write it in German or English: Mittwoch, Wednesday.", "weekday")
    elif number != starts_at.weekday():
        findings.add(f"{starts_at:%Y-%m-%d} is not a {weekday}", "Correct starts_at or weekday.", "weekday")


def check_offset(key: str, instant: datetime | None, zone: ZoneInfo, findings: Findings) -> None:
    """An offset that somebody wrote is that of the process's time zone on that day, or UTC's."""
    written = instant.utcoffset() if instant else None
    if instant and written and written != instant.astimezone(zone).utcoffset():
        findings.add(
            f"{instant.isoformat()} is {instant.astimezone(zone):%H:%M} in {zone.key}",
            "Leave the offset out: times are local.",
            key,
        )


def check_events(events: Sequence[tuple[Event, Findings]]) -> None:
    """Ids used once; an alias that could mean two events would send somebody to the wrong one."""
    check_ids([(event.id, findings) for event, findings in events], "event")
    owners: dict[str, str] = {}
    for event, findings in events:
        _check_event(event, findings)
        for alias in {fold(alias): alias for alias in event.aliases}.values():
            owner = owners.setdefault(fold(alias), event.id)
            if owner != event.id:
                findings.add(f'the alias "{alias}" also names "{owner}"', "Keep it at one of them.", "aliases")


def _check_event(event: Event, findings: Findings) -> None:
    """An id that fits a button, an end after the beginning, a place on the globe."""
    if len(event.id) > LONGEST_EVENT_ID:
        findings.add("the id is too long for a button", f"Use at most {LONGEST_EVENT_ID} letters.", "id")
    readable = event.starts_at.year != UNREADABLE_TIME.year
    if readable and event.ends_at is not None and event.ends_at <= event.starts_at:
        findings.add("ends_at is not after starts_at", "Correct one of them.", "ends_at")
    if (event.latitude is None) != (event.longitude is None):
        findings.add(
            "latitude and longitude belong together",
            "Give both, or neither.",
            "latitude" if event.longitude is None else "longitude",
        )
    elif isinstance(event.latitude, float) and not (-90 <= event.latitude <= 90):
        findings.add("latitude is not on the globe", "Write degrees, such as 52.3745.", "latitude")
    elif isinstance(event.longitude, float) and not (-180 <= event.longitude <= 180):
        findings.add("longitude is not on the globe", "Write degrees, such as 9.7385.", "longitude")
    if isinstance(event.capacity, int) and event.capacity < 1:
        findings.add("capacity is below 1", "Write for how many people there is room, or leave it out.", "capacity")


def leads(names: Sequence[str], findings: Findings) -> tuple[Lead, ...]:
    """How long before an event people are reminded, in the order of time."""
    for name in names:
        if name not in LEADS:
            findings.add(f'unknown time "{name}"', f"Known here: {', '.join(LEADS)}.", "before")
    if not names:
        findings.add("before is empty", 'Write at least one, such as before = ["day"].', "before")
    return tuple(lead for lead in LEADS if lead in names)


def check_example_questions(
    questions: Mapping[str, Sequence[str]], languages: tuple[str, ...], findings: Findings, also: Sequence[str] = ()
) -> None:
    """Every language has at least one question, and no unknown one is named."""
    languages = languages or tuple(questions)
    if questions is UNREADABLE:
        return
    for language in questions:
        if language not in languages and language not in also:
            known = dict.fromkeys((*languages, *sorted(also)))
            findings.add(f'unknown language "{language}"', f"Known here: {', '.join(known)}.", "questions", language)
    for language in languages:
        if not questions.get(language):
            findings.add(
                f'there is no question in "{language}"', f'Add questions.{language} = ["…"].', "questions", language
            )


def check_collisions(answers: Sequence[tuple[KnownAnswer, Findings]]) -> None:
    """No question is an example of two answers: the bot could not know which one is meant."""
    places = {answer.id: findings for answer, findings in answers}
    known = [answer for answer, _ in answers]
    for language in sorted({language for answer in known for language in answer.questions}):
        for first, second, example in colliding(known, language):
            places[second.id].add(
                f'"{example}" ({language}) also asks for "{first.id}"',
                "Word one of the two so that they differ.",
                "questions",
                language,
            )


def check_elsewhere(names: Sequence[str], events: Sequence[Event], findings: Findings) -> None:
    """A place without an event is no name of an event's place: the bot could not know which one is meant."""
    for name in names:
        clashing = [event.id for event in events if fold(name) in {fold(alias) for alias in event.aliases}]
        if clashing:
            findings.add(f'"{name}" is an alias of the event "{clashing[0]}"', "Keep it at one of them.")


def check_live(process: Process, findings: Findings) -> None:
    """What may be empty in a rehearsal, and may not once citizens are asked."""
    privacy = process.privacy
    needed = {
        ("privacy", "controller"): privacy.controller,
        ("privacy", "contact"): privacy.contact,
        ("privacy", "data_protection_officer"): privacy.data_protection_officer,
        ("privacy", "legal_basis"): privacy.legal_basis,
        ("privacy", "min_age"): privacy.min_age,
        ("privacy", "retention"): privacy.retention,
        ("accessibility", "contact"): process.accessibility_contact,
        ("accessibility", "enforcement_body"): process.enforcement_body,
    }
    for keys, value in needed.items():
        if not value:
            findings.within(*keys).add(
                "not given yet", "The law wants it said before citizens are asked.", only_live=True
            )
