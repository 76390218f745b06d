"""Streams about the account's own logs: the files, and their lines."""

from source_opsgenie.streams.fields import integer, nested, text
from source_opsgenie.streams.stream import Access, Content, MarkerPaging, Parent, Rows, Stream

LOG_FILES = Stream(
    name="log_files",
    description="The log files of the account's activity, oldest first.",
    path="/v2/logs/list/{marker}",
    key=("filename",),
    cursor="date",
    access=Access.LOGS,
    docs_url="https://docs.opsgenie.com/docs/logs-api",
    paging=MarkerPaging(limit=1000),
    fields=(
        text("filename", "Name of the file: a timestamp and a number."),
        integer(
            "date",
            "Time at which the file was written, in milliseconds since 1970. Minutes off the time in its name at most.",
        ),
        integer("size", "Size of the file in bytes."),
    ),
)

LOG_FILE_LINES = Stream(
    name="log_file_lines",
    description="The content of each log file, one row per line: alerts, requests, logins and changes.",
    path="/v2/logs/download/{filename}",
    key=("filename", "line_number"),
    cursor="date",
    access=Access.LOGS,
    docs_url="https://docs.opsgenie.com/docs/logs-api",
    rows=Rows(content=Content.FILE_LINK),
    parent=Parent("log_files", {"filename": "filename"}),
    fields=(
        text("filename", "Name of the file (stream log_files). Added by this connector."),
        integer("line_number", "Line number within the file, starting at 1. Added by this connector."),
        integer("date", "Time of the event, in milliseconds since 1970."),
        text("type", "Type of the line, for example AlertLog."),
        text("level", "Severity, for example INFO."),
        text("message", "Human-readable description of the event."),
        nested("details", "Further details. The keys depend on type."),
    ),
)

LOG_STREAMS: tuple[Stream, ...] = (LOG_FILES, LOG_FILE_LINES)
