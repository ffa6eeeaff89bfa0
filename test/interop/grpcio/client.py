"""Calls greeter.v1 in one of the four modes with Python's grpcio, and fails unless the answer is the right one.

MODE is unary, server-stream, client-stream, bidi-stream or binary-metadata, for which the server sends three values of one key.

Usage: client.py ADDRESS STUBS MODE none|gzip [CA]

STUBS is the folder with what grpc_tools generated. The client compresses its messages with gzip, or not at all. With CA, a PEM
file, the call goes over TLS.
"""

import queue
import sys

import grpc

address, stubs, mode, compression = sys.argv[1:5]
sys.path.insert(0, stubs)

from greeter.v1 import greeter_pb2 as pb  # noqa: E402
from greeter.v1 import greeter_pb2_grpc  # noqa: E402

TIMEOUT_SECONDS = 10

# Messages that are worth compressing: shorter ones would go out as they are.
A, B, C = (letter * 2_000 for letter in "abc")


def unary(greeter):
    answer = greeter.SayHello(pb.SayHelloRequest(name=A), timeout=TIMEOUT_SECONDS)
    assert answer.message == "Hello " + A, answer


def server_stream(greeter):
    topic = "grpcio/server-stream"
    for data in (A, B):
        greeter.Publish(pb.PublishRequest(topic=topic, data=data), timeout=TIMEOUT_SECONDS)
    request = pb.GetStreamRequest(topic=topic, after_sequence=0, limit=2)
    received = [message.data for message in greeter.GetStream(request, timeout=TIMEOUT_SECONDS)]
    assert received == [A, B], received


def client_stream(greeter):
    topic = "grpcio/client-stream"
    requests = (pb.PutStreamRequest(topic=topic, data=data) for data in (A, B, C))
    answer = greeter.PutStream(requests, timeout=TIMEOUT_SECONDS)
    assert answer.accepted == 3 and topic in answer.last_sequence, answer


def bidi_stream(greeter):
    """Sends the second message only once the first has come back."""
    requests = queue.Queue()
    requests.put(A)
    stream = greeter.AllStream(bidi_requests(requests), timeout=TIMEOUT_SECONDS)
    first = next(stream).data
    requests.put(B)
    requests.put(None)
    received = [first] + [message.data for message in stream]
    assert received == [A, B], received


def bidi_requests(data):
    for each in iter(data.get, None):
        yield pb.AllStreamRequest(topic="grpcio/bidi-stream", data=each)


def binary_metadata(greeter):
    answer, call = greeter.SayHello.with_call(pb.SayHelloRequest(name=A), timeout=TIMEOUT_SECONDS)
    assert answer.message == "Hello " + A, answer
    for metadata in (call.initial_metadata(), call.trailing_metadata()):
        values = [value for key, value in metadata if key == "parts-bin"]
        assert values == [b"\x00,\xff", b"", b"x" * 100], values


def open_channel():
    algorithm = COMPRESSIONS[compression]
    if len(sys.argv) < 6:
        return grpc.insecure_channel(address, compression=algorithm)
    with open(sys.argv[5], "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    return grpc.secure_channel(address, credentials, compression=algorithm)


COMPRESSIONS = {
    "none": grpc.Compression.NoCompression,
    "gzip": grpc.Compression.Gzip,
}

MODES = {
    "unary": unary,
    "server-stream": server_stream,
    "client-stream": client_stream,
    "bidi-stream": bidi_stream,
    "binary-metadata": binary_metadata,
}

with open_channel() as channel:
    MODES[mode](greeter_pb2_grpc.GreeterServiceStub(channel))
