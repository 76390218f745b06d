"""Open questions about the real API, one switch per question, set to the most likely answer."""

from dataclasses import dataclass, field
from typing import Any, Literal


def _switch(question: str, fact: str, *, default: Any) -> Any:
    # *fact* is an anchor in docs/opsgenie-api.md, which says what is known.
    return field(default=default, metadata={"question": question, "fact": fact})


@dataclass(frozen=True, slots=True)
class Switches:
    """A value for every open question."""

    cap: Literal["rejected", "ends"] = _switch(
        "Beyond 20,000 rows, is a page rejected with a 422, or does `next` just end?", "the-cap", default="rejected"
    )
    cap_inclusive: bool = _switch("Can offset and limit add up to exactly 20,000?", "the-cap", default=True)
    users_capped: bool = _switch("Does the cap of 20,000 apply to users?", "the-cap", default=True)
    services_capped: bool = _switch("Does the cap of 20,000 apply to services?", "the-cap", default=True)
    users_limit_max: Literal[100, 500] = _switch(
        "What is the maximum number of users per page?", "page-size", default=100
    )
    updated_at_search: Literal["searchable", "rejected", "ignored", "seconds"] = _switch(
        "How is a query on `updatedAt` treated, which is not documented as a search field?",
        "updatedat-search",
        default="searchable",
    )
    updated_at_sort: Literal["accepted", "rejected"] = _switch(
        "Is sorting by `updatedAt` accepted, as documented?", "sorting", default="accepted"
    )
    created_at_values: Literal["milliseconds", "seconds", "either"] = _switch(
        "In which unit does a query expect `createdAt`? Existing clients send both.",
        "times-in-queries",
        default="milliseconds",
    )
    unknown_field: Literal["rejected", "ignored", "nothing"] = _switch(
        "Is a query on an unknown field rejected, is the condition ignored, or does it match nothing?",
        "updatedat-search",
        default="rejected",
    )
    ties: Literal["kept", "mirrored", "shuffled"] = _switch(
        "How are rows with equal sort values ordered: the same in both directions, mirrored, or new on each request?",
        "ties",
        default="kept",
    )
    timestamps: Literal["trimmed", "full"] = _switch(
        "Are trailing zeros always dropped from the fraction of a timestamp?", "timestamps", default="trimmed"
    )
    alert_total_count: bool = _switch("Does the list of alerts have `totalCount`?", "paging", default=False)
    services_total_count: bool = _switch("Does the list of services have `totalCount`?", "paging", default=False)
    service_properties: bool = _switch(
        "Do services have `visibility` and `extraProperties`, which no captured service has?", "service", default=False
    )
    single_page_paging: Literal["absent", "present"] = _switch(
        "Is `paging` absent when all logs or notes fit on one page?", "paging", default="absent"
    )
    attachment_ids: Literal["text", "number"] = _switch(
        "Is the id of an attachment a string or a number?", "alert-attachment", default="text"
    )
    last_key: Literal["absent", "null", "empty", "present"] = _switch(
        "Where a page contains the key of the next page, what does the last page contain?",
        "keyed-lists",
        default="absent",
    )
    small_limits: Literal["clipped", "rejected"] = _switch(
        "Is a limit above 20 or 25 reduced to it, as limits above 100 are, or rejected?",
        "keyed-lists",
        default="clipped",
    )
    alert_ids_paging: Literal["offset", "offset-from-one", "link"] = _switch(
        "How is the next page of an incident's alerts requested: by an offset that counts rows, or by a link?",
        "alerts-of-an-incident",
        default="offset",
    )
    incident_templates: Literal["named", "list"] = _switch(
        "Are incident templates under a name, as the vendor's SDK expects, or a bare list?",
        "service-settings",
        default="named",
    )
    timelines_need_configuration_access: bool = _switch(
        "Do the timelines of incidents need Configuration Access?", "incident-timeline", default=False
    )
    all_on_calls: Literal["available", "unsupported"] = _switch(
        "Is `/v2/schedules/on-calls`, for all schedules in one request, available? It was once seen to be unsupported.",
        "on-calls",
        default="available",
    )
    past_overrides: bool = _switch("Does a schedule's list of overrides include past ones?", "schedule", default=True)
    timeline_months: Literal[12, 6, 3, 1] = _switch(
        "How many months at most does a timeline cover, before it is rejected?", "schedule-timeline", default=12
    )
    timeline_rejection: Literal[422, 400] = _switch(
        "With which status is a timeline rejected that is too long or too long ago?", "schedule-timeline", default=422
    )
    timeline_years: Literal[1, 3, 15] = _switch(
        "For how many years in the past does a timeline return who was on call?", "schedule-timeline", default=1
    )
    timeline_before: Literal["empty", "rejected"] = _switch(
        "Is a timeline empty or rejected if it begins before that?", "schedule-timeline", default="empty"
    )
    timeline_edges: Literal["clipped", "complete"] = _switch(
        "Are periods clipped at the edges of a timeline, or complete?", "schedule-timeline", default="clipped"
    )
    timeline_begins: Literal["exact", "midnight"] = _switch(
        "Does a timeline begin at the requested time, or at midnight before it in the schedule's time zone?",
        "schedule-timeline",
        default="exact",
    )
    timeline_times: Literal["utc", "offset"] = _switch(
        "Are the times of a schedule's timeline in UTC, or do they have an offset?", "on-calls", default="utc"
    )
    download_link: Literal["text", "json"] = _switch(
        "Is the link to a log file plain text or a JSON string?", "log-files", default="text"
    )
    limits_model: Literal["buckets", "rolling"] = _switch(
        "Are rate limits token buckets or rolling windows?", "rate-domains", default="buckets"
    )
    limits_readable: Literal["yes", "forbidden", "absent"] = _switch(
        "Is `/v2/request-limits/`, which no public documentation lists, available?", "request-limits", default="yes"
    )
    limits_need_configuration_access: bool = _switch(
        "Does `/v2/request-limits/` need Configuration Access?", "request-limits", default=False
    )
    count_domain: Literal["alert", "search"] = _switch(
        "Against which rate limit does `/v2/alerts/count` count?", "rate-domains", default="alert"
    )
    users_domain: Literal["search", "configuration"] = _switch(
        "Against which rate limit does the list of users count?", "rate-domains", default="search"
    )
    host: Literal["api", "web"] = _switch(
        "Does the address lead to the API, or to the HTML of the web application?", "hosts", default="api"
    )
    wrong_region: bool = _switch(
        "Is the account in the other region, so that its keys are unauthorized?", "hosts", default=False
    )
