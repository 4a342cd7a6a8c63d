"""The server as it is in production, log lines included, with two slices more: python -m tests.bench.server PORT"""

import asyncio
import sys

from app import asgi
from app.graphql.schema import SLICES, build
from app.logs import set_up
from app.serve import serve
from app.settings import Settings
from tests.bench import folded, nothing


def main() -> None:
    set_up("info", lines="json")
    asgi.build = lambda **how: build((*SLICES, nothing, folded), **how)
    asyncio.run(
        serve(Settings.read(port=int(sys.argv[1])), migrate=True, say=lambda line: print(line, flush=True))
    )


if __name__ == "__main__":
    main()
