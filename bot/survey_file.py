"""Reads survey.toml: every question by itself, so that one mistake does not hide the next."""

from typing import Any

from msgspec import UNSET

from bot import content_rules, survey_rules
from bot.content_tables import (
    QUESTION_TABLES,
    BatteryFile,
    ChoiceFile,
    ConditionFile,
    DateFile,
    NumberFile,
    OpenFile,
    OptionFile,
    ProcessFile,
    ScaleFile,
    ScaleTable,
    SeveralFile,
    SurveyFile,
    Words,
    YesNoFile,
)
from bot.core.conditions import And, Answered, Condition, Contains, Not, OneOf, Or
from bot.core.questions import AnyQuestion
from bot.core.questions.choice import BatteryQuestion, ChoiceQuestion, ScaleQuestion, YesNoQuestion
from bot.core.questions.figures import DateQuestion, NumberQuestion
from bot.core.questions.own_words import OpenQuestion
from bot.core.questions.question import Option
from bot.core.questions.several import SeveralQuestion
from bot.core.survey import Survey
from bot.core.texts import Text
from bot.problems import UNREADABLE_LIST, UNREADABLE_NAME, Findings, Table, struct_of


class SurveyReader:
    """Builds the survey of one file, as far as it can be built."""

    def __init__(self, languages: tuple[str, ...], findings: Findings) -> None:
        self._languages = languages
        self._findings = findings
        self._scales: dict[str, tuple[Option, ...]] = {}

    def build(self, table: Table | None, head: ProcessFile | None) -> Survey | None:
        """The survey; None where something of it could not be read, which the findings then tell."""
        file = None if table is None else struct_of(table, SurveyFile, self._findings)
        if file is None:
            return None
        for name, scale in file.scale.items():
            self._scales[name] = self._scale(name, scale)
        built: list[tuple[AnyQuestion, Findings]] = []
        for number, question in enumerate(file.question):
            place = f'question "{question["id"]}"' if "id" in question else f"question {number + 1}"
            findings = self._findings.at(place, "question", number)
            made = self._question(question, findings)
            if made is not None:
                built.append((made, findings))
        declared = [str(question.get("id")) for question in file.question]
        survey_rules.check_questions(built, declared, file.version)
        opens = file.opens or (head.opens if head else None)
        closes = file.closes or (head.closes if head else None)
        if file.opens or file.closes:
            content_rules.check_days(opens, closes, self._findings)
        content_rules.check_filled(self._findings, id=file.id)
        if not file.question and file.question is not UNREADABLE_LIST:
            self._findings.add("there is no question", "Write at least one [[question]].")
        survey_rules.check_figures(file.minutes, file.version, self._findings)
        texts = {
            name: content_rules.text(getattr(file, name), self._languages, self._findings.within(name))
            for name in ("title", "intro", "thanks")
        }
        if len(built) < len(file.question) or opens is None or closes is None:
            return None
        return Survey(
            id=file.id,
            version=file.version,
            minutes=file.minutes,
            opens=opens,
            closes=closes,
            written=tuple(question for question, _ in built),
            **texts,
        )

    def _scale(self, name: str, table: object) -> tuple[Option, ...]:
        findings = self._findings.at(f'scale "{name}"', "scale", name)
        scale = struct_of(table, ScaleTable, findings)
        if scale is None:
            return ()
        points = self._options(scale.points, "point", findings)
        if scale.points is not UNREADABLE_LIST:
            survey_rules.check_points(points, findings)
        return points

    def _question(self, table: object, findings: Findings) -> AnyQuestion | None:
        if not isinstance(table, dict) or not isinstance(table.get("type"), str):
            findings.add('"type" is missing', f"Write type = one of: {', '.join(QUESTION_TABLES)}.")
            return None
        kind = QUESTION_TABLES.get(table["type"])
        if kind is None:
            known = ", ".join(QUESTION_TABLES)
            findings.add(f'there is no type "{table["type"]}"', f"Write one of: {known}.", "type")
            return None
        file = struct_of(table, kind, findings)
        if file is None:
            return None
        common: dict[str, Any] = {
            "id": file.id,
            "text": self._text(file.text, findings.within("text")),
            "short": self._text(file.short, findings.within("short")),
            "hint": None if file.hint is None else self._text(file.hint, findings.within("hint")),
            "optional": file.optional,
            "only_if": _condition(file.only_if, findings.within("only_if")) if file.only_if is not None else None,
        }
        match file:
            case BatteryFile():
                aspects = self._options(file.aspects, "aspect", findings)
                points = self._points(file.scale, findings)
                return BatteryQuestion(**common, aspects=aspects, points=points, no_answer=self._last(file, findings))
            case ScaleFile():
                points = self._points(file.scale, findings)
                return ScaleQuestion(**common, options=points, no_answer=self._last(file, findings))
            case SeveralFile():
                options = self._options(file.options, "option", findings)
                last = self._last(file, findings)
                return SeveralQuestion(**common, options=options, no_answer=last, at_most=file.at_most)
            case ChoiceFile():
                options = self._options(file.options, "option", findings)
                return ChoiceQuestion(**common, options=options, no_answer=self._last(file, findings))
            case OpenFile():
                return OpenQuestion(**common, at_most=file.at_most)
            case NumberFile():
                low, high = file.minimum, file.maximum
                return NumberQuestion(**common, minimum=low, maximum=high, decimals=file.decimals)
            case DateFile():
                return DateQuestion(**common, earliest=file.earliest, latest=file.latest)
            case YesNoFile():
                published = file.publishes if isinstance(file.publishes, str) else None
                return YesNoQuestion(**common, no_answer=self._last(file, findings), publishes=published)
            case _:
                raise AssertionError(f"{kind.__name__} has no question to build")

    def _text(self, words: Words, findings: Findings) -> Text:
        return content_rules.text(words, self._languages, findings)

    def _last(self, file: ChoiceFile | ScaleFile | YesNoFile, findings: Findings) -> Text | None:
        return self._text(file.no_answer, findings.within("no_answer")) if file.no_answer else None

    def _points(self, name: str, findings: Findings) -> tuple[Option, ...]:
        if name.startswith(UNREADABLE_NAME):
            return self._options(UNREADABLE_LIST, "point", findings)
        if name not in self._scales:
            findings.add(
                f'there is no scale "{name}"', f"Add [scale.{name}] with its points, or name another one.", "scale"
            )
        return self._scales.get(name, ())

    def _options(self, tables: list[Table], what: str, findings: Findings) -> tuple[Option, ...]:
        if tables is UNREADABLE_LIST:
            return (Option("unreadable", dict.fromkeys(self._languages, content_rules.FILLED), value=0),)
        options = []
        for number, table in enumerate(tables, 1):
            place = findings.part(f"{what} {number}", f"{what}s", number - 1)
            file = struct_of(table, OptionFile, place, rest=True)
            if file is None:
                continue
            label = {key: value for key, value in table.items() if key not in OptionFile.__struct_fields__}
            options.append(Option(file.id, self._text(label, place), file.own_words, file.value, tuple(file.aliases)))
        return tuple(options)


def _condition(table: Table, findings: Findings) -> Condition | None:
    """A condition; None, with a finding, where its table says nothing or two things at once."""
    file = struct_of(table, ConditionFile, findings)
    if file is None:
        return None
    tests = ("equals", "one_of", "contains", "answered", "both", "either", "without")
    given = [name for name in tests if getattr(file, name) is not UNSET]
    about_answer = bool(given) and given[0] in {"equals", "one_of", "contains", "answered"}
    if len(given) != 1 or about_answer != (file.question is not UNSET):
        findings.add(
            "this is not one condition",
            'Write { question = "id", equals | one_of | contains | answered = … }, or { and = […] }, { or = […] }, '
            "{ not = {…} }.",
        )
        return None
    return _built_condition(file, findings)


def _built_condition(file: ConditionFile, findings: Findings) -> Condition | None:
    question = file.question if isinstance(file.question, str) else ""
    if isinstance(file.equals, str):
        return OneOf(question, (file.equals,))
    if isinstance(file.one_of, list):
        return OneOf(question, tuple(file.one_of))
    if isinstance(file.contains, str):
        return Contains(question, file.contains)
    if isinstance(file.answered, bool):
        return Answered(question) if file.answered else Not(Answered(question))
    if isinstance(file.without, dict):
        inner = _condition(file.without, findings)
        return Not(inner) if inner else None
    combined, tables = (And, file.both) if isinstance(file.both, list) else (Or, file.either)
    if isinstance(tables, list) and not tables:
        findings.add("an empty list of conditions", "Write at least one condition in it.")
        return None
    parts = [_condition(table, findings) for table in tables] if isinstance(tables, list) else []
    whole = [part for part in parts if part is not None]
    return combined(tuple(whole)) if whole and len(whole) == len(parts) else None
