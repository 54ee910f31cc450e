"""The types of question: what may be answered, how it is read and said again. A file for those answered alike.

To add a type: a class in one of these files or beside them, its name in `AnyQuestion`, its table in
`bot/content_tables.py`, and a dialogue.
"""

from bot.core.questions.choice import BatteryQuestion, ChoiceQuestion, ScaleQuestion, YesNoQuestion
from bot.core.questions.figures import DateQuestion, NumberQuestion
from bot.core.questions.own_words import OpenQuestion
from bot.core.questions.several import SeveralQuestion

AnyQuestion = (
    ChoiceQuestion
    | SeveralQuestion
    | ScaleQuestion
    | BatteryQuestion
    | OpenQuestion
    | NumberQuestion
    | DateQuestion
    | YesNoQuestion
)
