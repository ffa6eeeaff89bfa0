"""Media types that schemathesis does not know: a stream of requests is sent as one line, of responses the first line is read."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def serialize_ndjson(context, value):
    return json.dumps(value).encode() + b"\n"


@schemathesis.deserializer("application/x-ndjson")
def deserialize_ndjson(context, response):
    return json.loads(response.content.split(b"\n")[0] or b"{}")
