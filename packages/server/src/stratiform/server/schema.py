"""The tables of the server, and the layer of migrations that makes them; it comes after the engine's."""

from stratiform.framework.db.migrate import Layer
from stratiform.server.credential.table import metadata
from stratiform.server.session.table import metadata as sessions

LAYER = Layer(name="server", package="stratiform.server.migrations", metadata=[metadata, sessions], version=1, oldest=1)
