"""`opsgenie-archive`: a whole account in one local DuckDB file."""
