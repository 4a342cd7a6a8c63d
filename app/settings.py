"""The settings of this application: those of the engine, and its own."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from app.engine.settings import EngineSettings


class Settings(EngineSettings):
    """Add your own settings here: a field `payment_key` is read from `APP_PAYMENT_KEY`."""

    simulated_gateway: dict[str, float] = Field(
        default_factory=dict[str, float],
        description="Fault plan of the simulated payment gateway, as a JSON object.",
    )

    renamed: ClassVar[Mapping[str, str]] = {
        **EngineSettings.renamed,
        "GATEWAY": "SIMULATED_GATEWAY",
    }
