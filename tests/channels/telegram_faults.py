"""The ways in which Telegram fails a bot, to be called for by tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]

Kind = int | Literal["late", "reset_before", "reset_after", "not_json"]
"""A status of HTTP, or what else happens: `late` and those after it do the work, `reset_before` does not."""

DESCRIPTIONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    429: "Too Many Requests: retry after {}",
    500: "Internal Server Error",
}
PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx/1.18.0</body></html>"
"""What stands before the Bot API answers with, when the Bot API itself does not."""

POISONS: Sequence[Json] = (
    {"message": "a string where a message belongs"},
    {"message": {"message_id": "one", "date": "today", "chat": {"id": "nobody", "type": 7}, "from": []}},
    {"message": {"message_id": 1, "date": 1, "chat": None, "text": ["a", "list"]}},
    {"callback_query": {"id": {}, "from": 7, "chat_instance": None, "data": 5}},
    {"callback_query": 7},
    {"edited_message": []},
    {"my_chat_member": {"chat": "here", "from": None}},
    {
        "message": {
            "message_id": 1,
            "date": 10**17,
            "from": {"id": 7},
            "chat": {"id": 7, "type": "private"},
            "text": "?",
        }
    },
)
"""Updates no client can read; their ids are sound, so that they can be confirmed."""


@dataclass
class Fault:
    """What happens to the next requests; times left, seconds for `late`."""

    method: str | None
    times: int
    kind: Kind
    chat_id: int | None
    retry_after: int
    seconds: float
    description: str | None

    def concerns(self, method: str, params: Json) -> bool:
        """Whether it happens to this request."""
        return self.method in {None, method} and self.chat_id in {None, params.get("chat_id")}

    def answer(self, status: int) -> Json:
        """The body of an error that the Bot API itself gives."""
        description = self.description or DESCRIPTIONS.get(status, "Internal Server Error")
        body: Json = {"ok": False, "error_code": status, "description": description.format(self.retry_after)}
        return body | ({"parameters": {"retry_after": self.retry_after}} if status == 429 else {})


class Faults:
    """Faults in the order in which they were called for."""

    def __init__(self) -> None:
        self._left: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let it happen, after those called for before."""
        self._left.append(fault)

    def take(self, method: str, params: Json) -> Fault | None:
        """The first that concerns this request; one less is left of it."""
        for fault in self._left:
            if fault.concerns(method, params):
                fault.times -= 1
                if fault.times <= 0:
                    self._left.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Let no more happen."""
        self._left.clear()
