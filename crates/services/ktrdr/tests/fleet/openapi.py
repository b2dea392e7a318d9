"""What schemathesis sends to KTRDR, where it must be otherwise than it makes it up."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    case.body = whole(case.body)
    body = case.body
    url = body.get("url") if isinstance(body, dict) else None
    if isinstance(url, str) and url.startswith("http://") and len(url) <= 1024:
        # Port 9, discard, where nothing listens: the backend sends workers operations.
        body["url"] = "http://127.0.0.1:9/"


def whole(value):
    """1.0 as 1: an integer in JSON Schema, and not in serde."""
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
