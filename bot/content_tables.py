"""The tables of the content files, as organisers write them: one struct per kind of table."""

from datetime import date, datetime

from msgspec import UNSET, Struct, UnsetType, field

from bot.core.process import AnswerIntent
from bot.core.questions.choice import BatteryQuestion, ChoiceQuestion, ScaleQuestion, YesNoQuestion
from bot.core.questions.figures import DateQuestion, NumberQuestion
from bot.core.questions.own_words import OpenQuestion
from bot.core.questions.several import SeveralQuestion
from bot.problems import Table

Words = dict[str, str]


class PrivacyFile(Struct):
    consent_version: int
    controller: str = ""
    contact: str = ""
    data_protection_officer: str = ""
    min_age: int = 0
    legal_basis: Words | None = None
    retention: Words | None = None


class AccessibilityFile(Struct):
    contact: str = ""
    enforcement_body: str = ""


class RemindersFile(Struct):
    before: list[str] = field(default_factory=lambda: ["day", "two_hours"])


class ProcessFile(Struct):
    id: str
    languages: list[str]
    organiser: str
    website: str
    opens: date
    closes: date
    title: Words
    about: Words
    privacy: Table
    time_zone: str = "Europe/Berlin"
    accessibility: Table = {}
    reminders: Table = {}
    elsewhere: list[str] = []


class SurveyFile(Struct):
    id: str
    version: int
    minutes: int
    title: Words
    intro: Words
    thanks: Words
    question: list[Table]
    scale: dict[str, Table] = {}
    opens: date | None = None
    closes: date | None = None


class HeadingFile(Struct):
    """The keys that every type of question has."""

    id: str
    type: str
    text: Words
    short: Words
    hint: Words | None = None
    optional: bool = False
    only_if: Table | None = None


class ChoiceFile(HeadingFile, kw_only=True):
    options: list[Table]
    no_answer: Words | None = None


class SeveralFile(ChoiceFile, kw_only=True):
    at_most: int | None = None


class ScaleFile(HeadingFile, kw_only=True):
    scale: str
    no_answer: Words | None = None


class BatteryFile(ScaleFile, kw_only=True):
    aspects: list[Table]


class OpenFile(HeadingFile, kw_only=True):
    at_most: int = 1000


class NumberFile(HeadingFile, kw_only=True):
    minimum: int
    maximum: int
    decimals: int = 0


class DateFile(HeadingFile, kw_only=True):
    earliest: date
    latest: date


class YesNoFile(HeadingFile, kw_only=True):
    publishes: str | None = None
    no_answer: Words | None = None


QUESTION_TABLES: dict[str, type[HeadingFile]] = {
    ChoiceQuestion.type: ChoiceFile,
    SeveralQuestion.type: SeveralFile,
    ScaleQuestion.type: ScaleFile,
    BatteryQuestion.type: BatteryFile,
    OpenQuestion.type: OpenFile,
    NumberQuestion.type: NumberFile,
    DateQuestion.type: DateFile,
    YesNoQuestion.type: YesNoFile,
}


class OptionFile(Struct):
    """An option, point or aspect; its other keys are its label in each language."""

    id: str
    value: int | None = None
    own_words: bool = False
    aliases: list[str] = []


class ScaleTable(Struct):
    points: list[Table]


class ConditionFile(Struct, rename={"both": "and", "either": "or", "without": "not"}):
    question: str | UnsetType = UNSET
    equals: str | UnsetType = UNSET
    one_of: list[str] | UnsetType = UNSET
    contains: str | UnsetType = UNSET
    answered: bool | UnsetType = UNSET
    both: list[Table] | UnsetType = UNSET
    either: list[Table] | UnsetType = UNSET
    without: Table | UnsetType = UNSET


class EventFile(Struct):
    id: str
    starts_at: datetime
    place: str
    address: str
    weekday: str = ""
    aliases: list[str] = []
    cancelled: bool = False
    ends_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None
    capacity: int | None = None
    registration: Words | None = None
    accessibility: Words | None = None


class AnswerFile(Struct):
    id: str
    questions: dict[str, list[str]]
    answer: Words
    source: str
    valid_until: date | None = None
    intent: AnswerIntent = "topic"
