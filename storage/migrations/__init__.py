"""How the tables came to be what they are. `NEWEST` is compared at start, so that Alembic need not be loaded."""

NEWEST = "0006"
