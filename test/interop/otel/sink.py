"""An OTLP/HTTP collector that decodes with OpenTelemetry's own protos. GET / returns what it has received, as JSON."""

import gzip
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

received = {"spans": [], "metrics": []}


def attributes_of(pairs):
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


def add_spans(body):
    for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = attributes_of(resource_spans.resource.attributes).get("service.name")
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                received["spans"].append(
                    {
                        "service": service,
                        "scope": scope_spans.scope.name,
                        "name": span.name,
                        "kind": Span.SpanKind.Name(span.kind),
                        "traceId": span.trace_id.hex(),
                        "spanId": span.span_id.hex(),
                        "parentSpanId": span.parent_span_id.hex(),
                        "links": [link.span_id.hex() for link in span.links],
                        "attributes": attributes_of(span.attributes),
                        "status": Status.StatusCode.Name(span.status.code),
                    }
                )
    return ExportTraceServiceResponse()


def add_metrics(body):
    for resource_metrics in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        service = attributes_of(resource_metrics.resource.attributes).get("service.name")
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                received["metrics"].append({"service": service, "name": metric.name, "unit": metric.unit})
    return ExportMetricsServiceResponse()


SIGNALS = {"/v1/traces": add_spans, "/v1/metrics": add_metrics}


class Collector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.read_body()
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.answer("application/x-protobuf", SIGNALS[self.path](body).SerializeToString())

    def read_body(self):
        """Reads a body of known length, or one in chunks (RFC 9112, section 7.1)."""
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers["content-length"]))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_GET(self):
        self.answer("application/json", json.dumps(received).encode())

    def answer(self, content_type, body):
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
print(f"listening at http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
