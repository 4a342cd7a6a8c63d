"""What a forked process finds made: the imports, the schema and the fingerprints take most of the time of a start."""

from app.composition import application
from app.engine.projector.fingerprint import fingerprint
from app.engine.server.asgi import documents_of, schema_of

# The defaults: nothing of the environment.
_settings = application.settings.model_construct()
schema_of(application, _settings, documents_of(_settings))
for _projection in application.projections:
    fingerprint(_projection)
