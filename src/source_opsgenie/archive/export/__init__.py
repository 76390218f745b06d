"""`opsgenie-archive export`: answers and tables in the formats that people open, one module per format or form."""
