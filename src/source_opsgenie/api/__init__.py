"""One request to the API: authorise, pace, retry, decode, explain."""
