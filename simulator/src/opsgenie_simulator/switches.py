"""What nobody outside knows about the real API, one switch for each question, set to our best guess."""

from dataclasses import dataclass, field
from typing import Any, Literal


def _switch(question: str, fact: str, *, default: Any) -> Any:
    # The fact is an anchor in docs/opsgenie-api.md, where it says what is known.
    return field(default=default, metadata={"question": question, "fact": fact})


@dataclass(frozen=True, slots=True)
class Switches:
    """One position for every open question."""

    cap: Literal["rejected", "ends"] = _switch(
        "Past 20,000 rows, is the page refused with a 422, or does `next` simply end?", "the-cap", default="rejected"
    )
    cap_inclusive: bool = _switch("May offset and limit add up to exactly 20,000?", "the-cap", default=True)
    users_capped: bool = _switch("Does the cap of 20,000 hold for users?", "the-cap", default=True)
    services_capped: bool = _switch("Does the cap of 20,000 hold for services?", "the-cap", default=True)
    users_limit_max: Literal[100, 500] = _switch("How many users may a page hold?", "page-size", default=100)
    updated_at_search: Literal["searchable", "rejected", "ignored", "seconds"] = _switch(
        "What does a query on `updatedAt`, which no field table lists, do?", "updatedat-search", default="searchable"
    )
    updated_at_sort: Literal["accepted", "rejected"] = _switch(
        "Is sorting by `updatedAt` accepted, as documented?", "sorting", default="accepted"
    )
    created_at_values: Literal["milliseconds", "seconds", "either"] = _switch(
        "In which unit does a query give `createdAt`? Clients in use send both.",
        "times-in-queries",
        default="milliseconds",
    )
    unknown_field: Literal["rejected", "ignored", "nothing"] = _switch(
        "Is a query on an unknown field refused, is that condition ignored, or matches nothing?",
        "updatedat-search",
        default="rejected",
    )
    ties: Literal["kept", "mirrored", "shuffled"] = _switch(
        "Which order do rows with equal sort values have: one for both directions, mirrored, or new at each request?",
        "ties",
        default="kept",
    )
    timestamps: Literal["trimmed", "full"] = _switch(
        "Are trailing zeros always dropped from the fraction of a timestamp?", "timestamps", default="trimmed"
    )
    alert_total_count: bool = _switch("Does the list of alerts carry `totalCount`?", "paging", default=False)
    services_total_count: bool = _switch("Does the list of services carry `totalCount`?", "paging", default=False)
    single_page_paging: Literal["absent", "present"] = _switch(
        "Is `paging` left out when logs or notes fit one page?", "paging", default="absent"
    )
    attachment_ids: Literal["text", "number"] = _switch(
        "Is the id of an attachment a text or a number?", "alert-attachment", default="text"
    )
    last_key: Literal["absent", "null", "empty", "present"] = _switch(
        "Where an answer holds the key of the next page, what does the last page hold?", "keyed-lists", default="absent"
    )
    small_limits: Literal["clipped", "rejected"] = _switch(
        "Is a limit over 20 or 25 clipped as one over 100 is, or refused?", "keyed-lists", default="clipped"
    )
    alert_ids_paging: Literal["offset", "offset-from-one", "link"] = _switch(
        "How does the list of an incident's alerts go on: by an offset that counts rows, or by a link?",
        "alerts-of-an-incident",
        default="offset",
    )
    incident_templates: Literal["named", "list"] = _switch(
        "Do incident templates stand under a name, as the vendor's SDK reads them, or as a bare list?",
        "service-settings",
        default="named",
    )
    timelines_need_configuration_access: bool = _switch(
        "Do the timelines of incidents need configuration access?", "incident-timeline", default=False
    )
    all_on_calls: Literal["available", "unsupported"] = _switch(
        "Does `/v2/schedules/on-calls`, about all schedules at once, answer? It was once seen refused.",
        "on-calls",
        default="available",
    )
    past_overrides: bool = _switch("Does a schedule's list of overrides hold past ones?", "schedule", default=True)
    timeline_times: Literal["utc", "offset"] = _switch(
        "Are the times of a schedule's timeline in UTC, or do they carry an offset?", "on-calls", default="utc"
    )
    download_link: Literal["text", "json"] = _switch(
        "Does the link to a log file come as plain text or as a JSON text?", "log-files", default="text"
    )
    limits_model: Literal["buckets", "rolling"] = _switch(
        "Are rate limits kept as token buckets or as rolling windows?", "rate-domains", default="buckets"
    )
    limits_readable: Literal["yes", "forbidden", "absent"] = _switch(
        "Does `/v2/request-limits/`, which no public page lists, answer?", "request-limits", default="yes"
    )
    limits_need_configuration_access: bool = _switch(
        "Does `/v2/request-limits/` need configuration access?", "request-limits", default=False
    )
    count_domain: Literal["alert", "search"] = _switch(
        "Which rate limit does `/v2/alerts/count` draw on?", "rate-domains", default="alert"
    )
    host: Literal["api", "web"] = _switch(
        "Does the address lead to the API, or to the web application with its HTML?", "hosts", default="api"
    )
    wrong_region: bool = _switch(
        "Is the account in the other region, so that its keys are refused?", "hosts", default=False
    )
