import { expect, test } from 'vitest'
import type { Peer } from '../../../../server/rpc/context-keys.ts'
import { Propagation, propagationFaults } from '../../../../server/rpc/propagation.ts'

const PEER: Peer = { address: '192.0.2.1', port: 1, tls: undefined, certificate: undefined }
const call = { peer: PEER }

test('by default deadline and trace are taken over, and neither baggage nor other metadata', () => {
  expect(new Propagation().from(call)).toEqual({
    deadline: true,
    traceparent: true,
    baggage: false,
    metadataPrefixes: [],
  })
})

test('what does not depend on the caller is one object for all calls, and looks at no peer', () => {
  const propagation = new Propagation({ baggage: true, metadata: ['x-tenant'] })
  const unseen = {
    get peer(): Peer {
      return expect.fail('looked at the peer')
    },
  }
  expect(propagation.from(unseen)).toBe(propagation.from(call))
})

test('a function decides by the caller, and no means no', () => {
  const propagation = new Propagation({ baggage: ({ address }) => address === '192.0.2.1', deadline: () => false })
  expect(propagation.from(call)).toMatchObject({ baggage: true, deadline: false })
  expect(propagation.from({ peer: { ...PEER, address: '192.0.2.2' } })).toMatchObject({ baggage: false })
})

test('a function that throws, or returns something else than true, means no', () => {
  const baggage = () => {
    throw new Error('broken')
  }
  expect(new Propagation({ baggage, traceparent: (() => 'yes') as never }).from(call)).toMatchObject({
    baggage: false,
    traceparent: false,
  })
})

test.each([
  ['', 'propagation.metadata[0] is not a header name in lower case'],
  ['X-Tenant', 'propagation.metadata[0] is not a header name in lower case'],
  ['x tenant', 'propagation.metadata[0] is not a header name in lower case'],
  ['a', 'propagation.metadata[0] is "a", which would pass on authorization'],
  ['x-api', 'propagation.metadata[0] is "x-api", which would pass on x-api-key'],
  ['grpc-trace-bin', 'propagation.metadata[0] is "grpc-trace-bin", which would pass on grpc-'],
  ['cookie', 'propagation.metadata[0] is "cookie", which would pass on cookie'],
  ['te', 'propagation.metadata[0] is "te", which HTTP owns'],
])('%j is refused as a name to pass on', (name, fault) => {
  expect(propagationFaults({ metadata: [name] })).toEqual([fault])
})

test('several names are fine', () => {
  expect(propagationFaults({ metadata: ['x-md-global-', 'x-request-id', 'tenant-bin'] })).toEqual([])
})
