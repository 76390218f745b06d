"""`opsgenie-archive`: one Opsgenie account in one local DuckDB file."""
