"""`opsgenie-archive verify`: is the file as its syncs left it, and is it as Opsgenie has it?"""
