"""A shop with reflection, whose orders hold types that the shop's own files do not import. Prints its port."""

import sys
from concurrent import futures

import grpc
from grpc_reflection.v1alpha import reflection

sys.path.insert(0, sys.argv[1])
from shop import detail_pb2, note_pb2, shop_pb2, shop_pb2_grpc  # noqa: E402,F401


class Shop(shop_pb2_grpc.ShopServicer):
    def Buy(self, request, context):
        return request

    def Refuse(self, request, context):
        # google.rpc.Status by hand: code, message, and the Any as a detail.
        detail = request.extra_data.SerializeToString()
        status = b"\x08\x0a\x12\x02no\x1a" + varint(len(detail)) + detail
        context.set_trailing_metadata((("grpc-status-details-bin", status),))
        context.abort(grpc.StatusCode.ABORTED, "no")


def varint(value):
    encoded = b""
    while value > 127:
        encoded += bytes([value & 127 | 128])
        value >>= 7
    return encoded + bytes([value])


server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
shop_pb2_grpc.add_ShopServicer_to_server(Shop(), server)
reflection.enable_server_reflection(["shop.Shop", reflection.SERVICE_NAME], server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(f"listening at {port}", flush=True)
server.wait_for_termination()
