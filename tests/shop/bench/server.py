"""The server as it is in production, log lines included, with two slices more: python -m tests.shop.bench.server PORT"""

import asyncio
import sys
from dataclasses import replace

from app.composition import application
from app.engine.logs import configure_logging
from app.engine.server.serve import serve
from app.settings import Settings
from tests.shop.bench import folded, nothing


def main() -> None:
    configure_logging("info", lines="json")
    measured = replace(application, slices=lambda: (*application.slices(), nothing, folded))
    asyncio.run(
        serve(
            measured,
            Settings.from_environment(port=int(sys.argv[1])),
            migrate=True,
            print_line=lambda line: print(line, flush=True),
        )
    )


if __name__ == "__main__":
    main()
