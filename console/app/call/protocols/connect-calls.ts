/** Calls by Connect: JSON by POST, or by GET for methods without side effects. */
import { createConnectTransport } from '../../../../client/web/transport/connect-transport.ts'
import type { Carrier } from '../engine/carrier.ts'
import { carryByFetch } from './fetch-call.ts'
import { readEndStream } from './field-block.ts'

export const connectCalls: Carrier = {
  carry(call) {
    return carryByFetch(call, {
      createTransport: ({ baseUrl, registry, usesGet }, fetch) =>
        createConnectTransport({ baseUrl, registry, useHttpGet: usesGet, fetch }),
      hasEnvelopes: ({ methodKind }) => methodKind !== 'unary',
      readEnd: readEndStream,
    })
  },
}
