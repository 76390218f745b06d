"""`opsgenie-archive compare`: what differs between an archive and another one, or a table of another tool."""
