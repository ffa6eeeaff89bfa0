/** Calls by gRPC-Web over fetch: binary messages. */
import { createGrpcWebTransport } from '../../../../client/web/transport/grpc-web-transport.ts'
import type { Carrier } from '../engine/carrier.ts'
import { carryByFetch } from './fetch-call.ts'
import { readFieldBlock } from './field-block.ts'

export const grpcWebCalls: Carrier = {
  carry(call) {
    return carryByFetch(call, {
      createTransport: ({ baseUrl, registry }, fetch) => createGrpcWebTransport({ baseUrl, registry, fetch }),
      hasEnvelopes: () => true,
      readEnd: readFieldBlock,
    })
  },
}
