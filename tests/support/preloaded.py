"""What a forked process finds made: the imports, the schema, the statements and the fingerprints take most of a start."""

import gc
import pkgutil
from importlib import import_module

from app.composition import application
from app.engine import cli
from app.engine.projector.fingerprint import fingerprint
from app.engine.projector.slots import LIVE
from app.engine.projector.table import projection_table
from app.engine.server.asgi import documents_of, schema_of
from app.engine.store.snapshots.state_codec import StateCodec

# A command is imported when it is used.
for _module in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}."):
    import_module(_module.name)
for _name in ("alembic.command", "alembic.script", "app.engine.server.serve"):
    import_module(_name)

# The defaults: nothing of the environment.
_settings = application.settings.model_construct()
schema_of(application, _settings, documents_of(_settings))
for _projection in application.projections:
    fingerprint(_projection)
    projection_table(_projection, LIVE)
for _decider in application.deciders:
    # It keeps the sources that it has read.
    StateCodec(_decider)

# A fork that looks at these objects for cycles would copy each page of them.
gc.collect()
gc.freeze()
