"""What an answer can be: ids, never labels; a marker where there is none."""

from enum import Enum


class Missing(Enum):
    """Why a question that was asked has no answer. Not a string, so that nobody can type it."""

    NO_ANSWER = "no_answer"
    SKIPPED = "skipped"


Value = str | tuple[str, ...] | int | float | Missing
"""An option id or a text, several option ids in the order of the content, a number, or a marker."""
