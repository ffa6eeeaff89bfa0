"""Calls greeter.v1 in one of the four modes with Python's grpcio, and fails unless the answer is the right one.

Usage: client.py ADDRESS STUBS unary|server-stream|client-stream|bidi-stream [CA]

STUBS is the folder with what grpc_tools generated. With CA, a PEM file, the call goes over TLS.
"""

import queue
import sys

import grpc

address, stubs, mode = sys.argv[1:4]
sys.path.insert(0, stubs)

from greeter.v1 import greeter_pb2 as pb  # noqa: E402
from greeter.v1 import greeter_pb2_grpc  # noqa: E402

TIMEOUT_SECONDS = 10


def unary(greeter):
    answer = greeter.SayHello(pb.SayHelloRequest(name="grpcio"), timeout=TIMEOUT_SECONDS)
    assert answer.message == "Hello grpcio", answer


def server_stream(greeter):
    topic = "grpcio/server-stream"
    for data in ("a", "b"):
        greeter.Publish(pb.PublishRequest(topic=topic, data=data), timeout=TIMEOUT_SECONDS)
    request = pb.GetStreamRequest(topic=topic, after_sequence=0, limit=2)
    received = [message.data for message in greeter.GetStream(request, timeout=TIMEOUT_SECONDS)]
    assert received == ["a", "b"], received


def client_stream(greeter):
    topic = "grpcio/client-stream"
    requests = (pb.PutStreamRequest(topic=topic, data=data) for data in ("a", "b", "c"))
    answer = greeter.PutStream(requests, timeout=TIMEOUT_SECONDS)
    assert answer.accepted == 3 and topic in answer.last_sequence, answer


def bidi_stream(greeter):
    """Sends the second message only once the first has come back."""
    requests = queue.Queue()
    requests.put("a")
    stream = greeter.AllStream(bidi_requests(requests), timeout=TIMEOUT_SECONDS)
    first = next(stream).data
    requests.put("b")
    requests.put(None)
    received = [first] + [message.data for message in stream]
    assert received == ["a", "b"], received


def bidi_requests(data):
    for each in iter(data.get, None):
        yield pb.AllStreamRequest(topic="grpcio/bidi-stream", data=each)


def open_channel():
    if len(sys.argv) < 5:
        return grpc.insecure_channel(address)
    with open(sys.argv[4], "rb") as file:
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(file.read()))


MODES = {
    "unary": unary,
    "server-stream": server_stream,
    "client-stream": client_stream,
    "bidi-stream": bidi_stream,
}

with open_channel() as channel:
    MODES[mode](greeter_pb2_grpc.GreeterServiceStub(channel))
