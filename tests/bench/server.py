"""The server as it is, with one slice more: python -m tests.bench.server PORT"""

import asyncio
import logging
import sys

from app import asgi
from app.graphql.schema import SLICES, build
from app.serve import serve
from app.settings import Settings
from tests.bench import nothing


def main() -> None:
    logging.disable(logging.INFO)
    asgi.build = lambda: build((*SLICES, nothing))
    asyncio.run(serve(Settings.read(port=int(sys.argv[1])), migrate=True, say=lambda line: print(line, flush=True)))


if __name__ == "__main__":
    main()
