"""Derives the enum of rejection codes from the rules of the registered deciders.

It is the only module of the engine that imports a register: slices need the enum when they are imported.
"""

from enum import Enum
from typing import Any

import strawberry

from domain import DECIDERS
from domain.kernel.decider import code_of, message_of

_MESSAGES = {code_of(rule): message_of(rule) for decider in DECIDERS for rule in decider.rejections}

RejectionCode: Any = strawberry.enum(
    Enum(
        "RejectionCode",
        {
            code: strawberry.enum_value(code, description=message)
            for code, message in sorted(_MESSAGES.items())
        }
        or {"NONE": "NONE"},
    ),
    description="A rule that can reject a command.",
)
