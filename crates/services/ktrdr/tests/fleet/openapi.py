"""Changes of the requests that schemathesis sends to KTRDR."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    case.body = whole(case.body)
    body = case.body
    url = body.get("url") if isinstance(body, dict) else None
    if isinstance(url, str) and url.startswith("http://") and len(url) <= 1024:
        # The backend sends operations to workers: use the discard port, where nothing listens.
        body["url"] = "http://127.0.0.1:9/"


def whole(value):
    """Converts 1.0 to 1, which serde requires for integers and JSON Schema does not."""
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
