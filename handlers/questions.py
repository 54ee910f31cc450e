"""Answers questions about the process and its dates, in the language they are asked in; nothing that no file says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from babel import Locale
from babel.lists import format_list

from bot.core.events import Event, over
from bot.core.process import Process
from bot.core.reading import COURTESIES, OF_DATA, OFFICE, Reader, Reading, Span
from bot.core.texts import Texts
from handlers import consent
from handlers.turn import Turn

ISOLATE, RELEASED = "\u2068", "\u2069"
"""Around what is written in another direction: https://www.w3.org/International/questions/qa-bidi-unicode-controls"""


def understood(turn: Turn, *, surely: bool = False) -> str:
    """The answer to a message, empty where it is no question that the bot understands.

    `surely` is for a place where something else is awaited: only what plainly asks something is answered. What somebody
    wants of an office, or to know of their data, is told without asking; where own words are awaited, it is the answer.
    """
    language = turn.person.language or turn.message.language or turn.process.languages[0]
    reading = _of_the_survey(turn.reader.read(turn.text, language, turn.now), turn)
    wanted = not OFFICE.isdisjoint(reading.declined) or reading.beside in OF_DATA
    known = reading.intent != "unknown" or wanted or bool(reading.nowhere or reading.answer)
    at_a_menu = turn.person.waiting is not None
    if not reading.asks and (not known or (surely and not (wanted and at_a_menu))):
        return ""
    return answer(reading, turn.reader, turn.now)


def _of_the_survey(reading: Reading, turn: Turn) -> Reading:
    """ "Wie lange dauert das noch?" means the survey, for whoever is answering it or asked to, and no evening."""
    asked_to = turn.person.waiting is not None and turn.person.waiting.menu == consent.MENU
    of_an_end = reading.intent == "unknown" and reading.declined == ("end_time",) and not reading.mentioned
    if of_an_end and (turn.person.draft is not None or asked_to) and turn.survey_is_open:
        return replace(reading, declined=(), beside="length")
    return reading


def courtesy(turn: Turn) -> str:
    """What is said to a greeting, to thanks, or to the name of a language; empty for any other message.

    It answers no question: whoever says nothing else is no better understood for it, so that two bots do not thank
    each other without end.
    """
    language = turn.person.language or turn.message.language or turn.process.languages[0]
    reading = turn.reader.read(turn.text, language, turn.now)
    return answer(reading, turn.reader, turn.now) if reading.beside in COURTESIES else ""


def in_another_language(turn: Turn) -> str:
    """The same, only to somebody whose language the survey is not in."""
    reading = turn.reader.read(turn.text, turn.message.language or turn.process.languages[0], turn.now)
    offered = {tag.partition("-")[0] for tag in turn.process.languages}
    elsewhere = reading.beside in COURTESIES and reading.language.partition("-")[0] not in offered
    return answer(reading, turn.reader, turn.now) if elsewhere else ""


def answer(reading: Reading, reader: Reader, now: datetime) -> str:
    """The answer in words to a question that was read at this instant."""
    return _Answer(reading, reader, now).text()


class _Answer:
    """One answer being put together."""

    def __init__(self, reading: Reading, reader: Reader, now: datetime) -> None:
        self._reading = reading
        self._process: Process = reader.process
        self._t: Texts = reader.vocabularies[reading.language].sentences
        self._now = now.astimezone(self._process.zone)
        self._coming = [event for event in self._process.events if not over(event, now)]
        locale = Locale.parse(reading.language.partition("-")[0])
        self._right_to_left = locale.character_order == "right-to-left"

    def text(self) -> str:
        """All parts, each a paragraph."""
        reading = self._reading
        parts = {
            "event_list": self._listed,
            "event_next": self._next,
            "event_when": self._named,
            "event_where": self._named,
            "event_on_date": self._on_date,
            "online_participation": self._online,
            "unknown": self._unknown,
        }.get(reading.intent, self._known)()
        if reading.intent != "unknown" and reading.declined:
            parts = [*parts, self._declined()]
        if reading.intent != "unknown" and reading.beside:
            parts = [*parts, *self._beside()]
        return "\n\n".join(part for part in parts if part)

    # -- events

    def _listed(self) -> list[str]:
        reading, t = self._reading, self._t
        events = list(reading.events)
        gone = [event for event in events if event not in self._coming]
        coming = [event for event in events if event in self._coming]
        if reading.scope == "span":
            if not events:
                return [self._nothing(), *self._help()]
            title = t("list_span") if coming else t("past_several" if len(gone) > 1 else "past")
            return [title, *self._blocks(coming), *([t("list_past")] if coming and gone else []), *self._blocks(gone)]
        if not events:
            return [self._all_over()] if not self._coming else [self._no("none_span"), *self._help()]
        if not coming and reading.scope == "all":
            return [self._all_over(), *self._blocks(events)]
        if not coming:
            return [t("list_past"), *self._blocks(events)]
        if not gone and len(events) == len(self._process.events):
            return [t("list_all", count=self._count(len(events))), *self._blocks(events)]
        past = [t("list_past"), *self._blocks(gone)] if gone else []
        return [t("list_coming"), *self._blocks(coming), *past]

    def _next(self) -> list[str]:
        t, events = self._t, self._reading.events
        if not events:
            return self._help()
        if events[0].starts_at <= self._now:
            after = [event for event in self._coming if event not in events][:1]
            then = [t("after_running"), *self._blocks(after)] if after else []
            return [t("running"), *self._blocks(events), *then]
        last = events[-1] == self._process.events[-1]
        return [t("next_and_last" if last and len(self._process.events) > 1 else "next"), *self._blocks(events)]

    def _named(self) -> list[str]:
        reading, t = self._reading, self._t
        events = reading.events
        if not events:
            return [self._nothing(), *self._help()]
        if reading.scope == "start":
            times = {event.starts_at.strftime("%H:%M") for event in events}
            if len(times) == 1:
                return [t("start", time=self._set(times.pop())), *self._blocks(self._coming[:1] and events)]
        said = ""
        if reading.wrong_premise:
            said = t(f"wrong_{reading.wrong_premise}")
        elif reading.confirmed:
            said = t("right")
        return [said, *self._with_past(events)]

    def _on_date(self) -> list[str]:
        reading, t = self._reading, self._t
        span = reading.span
        if span and span.other and span.said == "weekday" and not self._same_day_as_now(span):
            return self._either(span, span.other)
        if not reading.events:
            return [self._nothing(), *self._help()]
        return ["" if reading.openly else t("yes"), *self._with_past(reading.events)]

    def _same_day_as_now(self, span: Span) -> bool:
        return span.first == self._now.date()

    def _either(self, first: Span, second: Span) -> list[str]:
        """Both days that "nächsten Mittwoch" can mean, each with its date."""
        t, parts = self._t, []
        for span in (first, second):
            events = [event for event in self._process.events if event.starts_at.date() in span]
            day = self._set(t.date(span.first))
            if events:
                parts += [t("either", date=day), *self._with_past(events)]
            else:
                parts.append(t("either_none", date=day))
        return parts

    def _with_past(self, events: Sequence[Event]) -> list[str]:
        """Events with a word about those that are over, and what comes next where none of them does."""
        t = self._t
        gone = [event for event in events if event not in self._coming]
        if not gone:
            return self._blocks(events)
        if len(gone) == len(events):
            return [*self._blocks(events), t("past" if len(gone) == 1 else "past_several"), *self._help()]
        coming = [event for event in events if event in self._coming]
        return [*self._blocks(coming), t("list_past"), *self._blocks(gone)]

    def _nothing(self) -> str:
        """That there is nothing then, as the day was named; with the date, as there is more than one Monday."""
        t, span = self._t, self._reading.span
        if span is None or span.said == "span" or span.first != span.last:
            return self._no("none_span")
        if span.said == "today":
            held = any(event.starts_at.date() == span.first for event in self._process.events)
            return self._no("none_more_today" if held else "none_today")
        if span.said == "tomorrow":
            return self._no("none_tomorrow")
        if span.said == "weekday":
            return self._no("none_weekday", date=self._set(t.date(span.first)))
        return self._no("none_date", date=self._set(t.short_date(span.first)))

    def _no(self, name: str, **values: object) -> str:
        """A sentence that there is nothing, behind a "no" where somebody asked whether there is anything."""
        said = self._t(name, **values)
        return said[:1].upper() + said[1:] if self._reading.openly else self._t("no", said=said)

    def _help(self) -> list[str]:
        """What comes next, for somebody who gets no date otherwise."""
        if not self._coming:
            return [self._all_over()] if self._process.events else []
        last = len(self._coming) == 1 and len(self._process.events) > 1
        return [self._t("next_and_last" if last else "next"), *self._blocks(self._coming[:1])]

    def _all_over(self) -> str:
        events, t = self._process.events, self._t
        last = self._set(t.date(events[-1].starts_at.date()))
        if len(events) == 1:
            return t("one_over", last=last)
        return t("all_over", count=self._count(len(events)), last=last)

    def _blocks(self, events: Sequence[Event]) -> list[str]:
        """When, where and at which address, a paragraph for each."""
        t = self._t
        blocks = []
        for event in events:
            when = self._set(t.instant(event.starts_at, self._process.zone))
            facts = t("facts", when=when, place=self._set(event.place), address=self._set(event.address))
            blocks.append(f"{t('cancelled')}\n{facts}" if event.cancelled else facts)
        return blocks

    def _count(self, number: int) -> str:
        names = self._t("counts").split(",")
        return names[number].strip() if number < len(names) else str(number)

    # -- everything else

    def _online(self) -> list[str]:
        process, t = self._process, self._t
        today = self._now.date()
        state = "before" if today < process.opens else "over" if today > process.closes else "open"
        opens, closes = self._set(t.date(process.opens)), self._set(t.date(process.closes))
        said = t(f"online_{state}", website=self._set(process.website), opens=opens, closes=closes)
        here = t("online_here") if process.stage(self._now) == "open" else ""
        return ["\n".join(filter(None, (said, here))), *self._written()]

    def _known(self) -> list[str]:
        return self._written() or self._unknown()

    def _written(self) -> list[str]:
        """What organisers wrote: in the asker's language, else in English, else in the process's first one."""
        known = next((one for one in self._process.answers if one.id == self._reading.answer), None)
        if known is None:
            return []
        words: Mapping[str, str] = known.answer
        language = next((one for one in (self._reading.language, "en") if one in words), self._process.languages[0])
        return [words[language]]

    def _unknown(self) -> list[str]:
        reading, t = self._reading, self._t
        offer = t("offer", website=self._set(self._process.website))
        if reading.nowhere:
            known = reading.nowhere != "?"
            nowhere = t("nowhere", place=self._set(reading.nowhere)) if known else t("nowhere_here")
            if not self._coming:
                return [nowhere, self._all_over()]
            return [nowhere, t("real_ones"), *self._blocks(self._coming)]
        if reading.beside and (said := self._beside()):
            return said
        if not reading.declined:
            return [*(self._written() or [t("unknown")]), offer]
        places = [f"{self._set(event.place)}, {self._set(event.address)}" for event in reading.mentioned]
        return [self._declined(), *([f"{t('address')} {place}" for place in places]), offer]

    def _beside(self) -> list[str]:
        """What is said of the bot itself, or in courtesy; nothing of the length of a survey that is not open."""
        process, t, about = self._process, self._t, self._reading.beside
        if about == "length":
            if process.stage(self._now) != "open":
                return []
            return [t("beside.length", count=process.survey.longest, minutes=process.survey.minutes)]
        if about == "human" and process.privacy.contact:
            return [t("beside.human_contact", contact=self._set(process.privacy.contact))]
        foreign = t.language.partition("-")[0] not in {tag.partition("-")[0] for tag in process.languages}
        said = (
            []
            if about == "language"
            else [t(f"beside.{about}", organiser=self._set(process.organiser), website=self._set(process.website))]
        )
        return [*said, self._languages()] if about == "language" or (about == "greeting" and foreign) else said

    def _languages(self) -> str:
        """In which languages the survey is, and that this one is understood."""
        t = self._t
        named = Locale.parse(t.language.partition("-")[0]).languages
        names = [
            t(f"language.{tag}") if f"language.{tag}" in t.names() else named.get(tag, tag)
            for tag in self._process.languages
        ]
        return t("beside.languages", languages=format_list(names, locale=t.language.partition("-")[0]))

    def _declined(self) -> str:
        t = self._t
        return t("declined", subjects=", ".join(t(f"subject.{name}") for name in self._reading.declined))

    def _set(self, text: str) -> str:
        """A date, name or address, kept together inside text that runs from right to left."""
        return f"{ISOLATE}{text}{RELEASED}" if self._right_to_left else text
