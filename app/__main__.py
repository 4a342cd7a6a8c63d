"""`python -m app`."""

import signal

# Until the command runs, Ctrl-C ends the process at once and without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from app.composition import application  # noqa: E402
from app.engine.cli.main import main  # noqa: E402

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(application)
