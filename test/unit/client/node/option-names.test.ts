import { expect, test } from 'vitest'
import * as client from '../../../../client/node/public.ts'
import { createReflectionServices } from '../../../../server/services/reflection/reflection-services.ts'

/** Options that TypeScript would reject. */
type Loose = Record<string, (...args: unknown[]) => unknown>

const { apiKey, bearerToken, circuitBreaker, dnsResolver, fileResolver, jwtFile, maxCallsInFlight, ...others } =
  client as unknown as Loose
const { openTelemetry, srvResolver, staticResolver, watchStream } = others

test.each<[string, () => unknown, string]>([
  ['circuitBreaker', () => circuitBreaker?.({ windowM: 5 }), 'windowM is unknown: did you mean windowMs?'],
  ['maxCallsInFlight', () => maxCallsInFlight?.({ maxCall: 5 }), 'maxCall is unknown: did you mean maxCalls?'],
  ['maxCallsInFlight', () => maxCallsInFlight?.({ maxCalls: '5' }), 'maxCalls is a string, and must be a number'],
  [
    'watchStream',
    () => watchStream?.(() => {}, { backoff: { initial: 5 } }),
    'backoff.initial is unknown: did you mean backoff.initialMs?',
  ],
  ['openTelemetry', () => openTelemetry?.({ tracr: {} }), 'tracr is unknown: did you mean tracer?'],
  [
    'apiKey',
    () => apiKey?.('x-api-key', 'k', { requireTls: false }),
    'requireTls is unknown: did you mean requiresTls?',
  ],
  ['bearerToken', () => bearerToken?.('t', { tls: false }), 'tls is unknown'],
  ['jwtFile', () => jwtFile?.('/a', { nwo: Date.now }), 'nwo is unknown: did you mean now?'],
  ['dnsResolver', () => dnsResolver?.({ minInterval: 5 }), 'minInterval is unknown: did you mean minIntervalMs?'],
  ['srvResolver', () => srvResolver?.({ refresh: 5 }), 'refresh is unknown: did you mean refreshMs?'],
  ['fileResolver', () => fileResolver?.({ raed: 5 }), 'raed is unknown: did you mean read?'],
  [
    'the service a of staticResolver',
    () => staticResolver?.({ a: { endpoint: [] } }),
    'endpoint is unknown: did you mean endpoints?',
  ],
  [
    'createReflectionServices',
    () => (createReflectionServices as (...args: unknown[]) => unknown)([], { maxResponse: 5 }),
    'maxResponse is unknown',
  ],
])('%s rejects unknown names, and values of the wrong type', (owner, act, fault) => {
  expect(act).toThrow(RangeError)
  expect(act).toThrow(`${owner}: ${fault}`)
})

test('rejects credentials that provide no metadata, such as those of grpc-js', () => {
  const credentials = { generateMetadata: () => ({}) }
  const act = () => client.createTransport({ target: 'dns:///a:1', credentials: credentials as never })
  expect(act).toThrow(/^credentials\.metadata is missing/)
})
