"""Every test of the API ends with the oracle that a rebuild equals the live table."""

from tests.support.rebuild_oracle import database_url_with_oracle as database_url_with_oracle
