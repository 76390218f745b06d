"""The streams about the account's own logs: the files, and what stands in them."""

from source_opsgenie.streams.fields import nested, text, whole_number
from source_opsgenie.streams.stream import Access, Content, Detail, MarkerPaging, Parent, Rows, Stream

LOG_FILES = Stream(
    name="log_files",
    description="The files in which the account's activity is logged, oldest first.",
    path="/v2/logs/list/{marker}",
    key=("filename",),
    cursor="date",
    access=Access.LOGS,
    docs_url="https://docs.opsgenie.com/docs/logs-api",
    paging=MarkerPaging(limit=1000),
    detail=Detail("/v2/logs/download/{filename}"),
    fields=(
        text("filename", "Names the file: a moment and a number."),
        whole_number("date", "When the file was written, in milliseconds since 1970; minutes off its name at most."),
        whole_number("size", "Size of the file in bytes."),
    ),
)

LOG_FILE_LINES = Stream(
    name="log_file_lines",
    description="What the files of the account's activity hold, line by line: alerts, requests, logins, changes.",
    path="/v2/logs/download/{filename}",
    key=("filename", "line_number"),
    cursor="date",
    access=Access.LOGS,
    docs_url="https://docs.opsgenie.com/docs/logs-api",
    rows=Rows(content=Content.FILE_LINK),
    parent=Parent("log_files", {"filename": "filename"}),
    fields=(
        text("filename", "Name of the file, as in the stream log_files; added by this connector."),
        whole_number("line_number", "Number of the line in its file, from 1 on; added by this connector."),
        whole_number("date", "When it happened, in milliseconds since 1970."),
        text("type", "Kind of line, for example AlertLog."),
        text("level", "How grave it is, for example INFO."),
        text("message", "What happened, in words."),
        nested("details", "More of it, in the words of its kind."),
    ),
)

LOG_STREAMS: tuple[Stream, ...] = (LOG_FILES, LOG_FILE_LINES)
