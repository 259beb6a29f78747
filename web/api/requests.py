"""What the bodies of all questions have in common: nothing that is unknown, and how long they may be."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from bellwether.core.plans import MOST_ITEMS

LONGEST_NAME = 100  #: characters of a symbol, or of the name that stands for one
_ESCAPED = 12  #: bytes of one character at most, written as two halves: \ud83d\ude00
_AROUND = 32  #: bytes around each name: quotes, a comma, a line of its own and how far it is moved in
_REST = 8_192  #: bytes for everything else that a question can have
#: bytes of a body; derived from the longest question, a batch, so that none is refused for its length
MOST_BODY = MOST_ITEMS * (LONGEST_NAME * _ESCAPED + _AROUND) + _REST


class Question(BaseModel):
    """A body; what it does not know, it does not take."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _with_one_unknown(cls, body: Any) -> Any:
        """Leave out all unknown names but the first: each would be complained about, and there may be 60,000."""
        if not isinstance(body, dict) or len(body) <= len(cls.model_fields):
            return body
        unknown = next(name for name in body if name not in cls.model_fields)
        return {name: value for name, value in body.items() if name in cls.model_fields} | {unknown: body[unknown]}
