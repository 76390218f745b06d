"""The words that a person typed, in messages that name the config's options."""

import re
from collections.abc import Mapping
from typing import Any

KEY_VARIABLE = "OPSGENIE_API_TOKEN"
OF_THE_REGION = "endpoint is the account's own region (api.eu.opsgenie.com for an account in Europe)"
# By the argument that sets it: the words of the config, and those of the command line.
WORDS: Mapping[str, Mapping[str, str]] = {
    "since": {"start_date": "--since"},
    "query": {"alert_query": "--query"},
    "timeline_since": {"timeline_since": "--timeline-since"},
    "region": {OF_THE_REGION: "--region is the account's own (eu for an account in Europe)"},
    "streams": {"leave these streams out": "leave these streams out with --without"},
    "key": {"api_token": KEY_VARIABLE},
}
TYPED: Mapping[str, str] = {word: typed for words in WORDS.values() for word, typed in words.items()}


def words_typed(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The words to replace in messages: all, or with a --config file, those of the *arguments* that were given."""
    given = [words for name, words in WORDS.items() if not arguments.get("config") or arguments.get(name)]
    return {word: typed for words in given for word, typed in words.items()}


def as_typed(text: str, words: Mapping[str, str] = TYPED) -> str:
    """The *text* in the *words* of the command line."""
    if not words:
        return text
    found = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, words))})(?!\w)")
    return found.sub(lambda match: words[match[0]], text)
