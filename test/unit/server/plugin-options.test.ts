import { createRegistry } from '@bufbuild/protobuf'
import type { Interceptor } from '@connectrpc/connect'
import { compressionGzip } from '@connectrpc/connect-node'
import { expect, test } from 'vitest'
import { normalizePorticoOptions, type PorticoOptions } from '../../../server/plugin-options.ts'
import { Propagation } from '../../../server/rpc/propagation.ts'
import { grpc } from '../../../server/rpc/protocols/grpc/protocol.ts'
import { STANDARD_PROTOCOLS } from '../../../server/rpc/standard-protocols.ts'
import { brotli } from '../../../wire/compression/compression.ts'

const routes = () => {}

test('missing options get their defaults, and the result is frozen', () => {
  const given: PorticoOptions = { routes }
  const options = normalizePorticoOptions(given)
  expect(options).toEqual({
    routes,
    lane: 'native',
    interceptors: [],
    middleware: [],
    requestGate: undefined,
    bypassHooks: [],
    observers: [],
    hasAccessLog: true,
    hasWebSockets: true,
    cors: undefined,
    protocols: STANDARD_PROTOCOLS,
    switches: { grpc: true, grpcWeb: true, connect: true, rest: true },
    rest: true,
    health: undefined,
    reflection: false,
    maxReceiveBytes: 4_194_304,
    codec: 'compiled',
    maxSendBytes: 2_147_483_647,
    acceptCompression: undefined,
    compressMinBytes: 1_024,
    registry: undefined,
    jsonOptions: {},
    binaryOptions: {},
    requiresConnectVersion: false,
    defaultTimeoutMs: 0,
    propagation: new Propagation(),
    maxTimeoutMs: undefined,
    shutdownSignal: undefined,
    prefix: '',
  })
  expect(Object.isFrozen(options)).toBe(true)
  expect(given).toEqual({ routes })
})

test('given options are kept', () => {
  const interceptors: Interceptor[] = [(next) => next]
  const requestGate = () => {}
  const registry = createRegistry()
  const options = normalizePorticoOptions({
    routes,
    interceptors,
    requestGate,
    grpc: false,
    reflection: true,
    acceptCompression: ['br', compressionGzip],
    registry,
    compressMinBytes: 0,
    jsonOptions: { alwaysEmitImplicit: true },
    binaryOptions: { readUnknownFields: false },
    requireConnectProtocolHeader: true,
    maxTimeoutMs: 5,
    readMaxBytes: 1,
    writeMaxBytes: 1,
    prefix: '/api',
    cors: { origins: ['https://a.example'] },
  })
  expect(options).toMatchObject({
    interceptors,
    requestGate,
    switches: { grpc: false, grpcWeb: true, connect: true },
    reflection: true,
    acceptCompression: [brotli, compressionGzip],
    registry,
    compressMinBytes: 0,
    jsonOptions: { alwaysEmitImplicit: true },
    binaryOptions: { readUnknownFields: false },
    requiresConnectVersion: true,
    maxTimeoutMs: 5,
    maxReceiveBytes: 1,
    maxSendBytes: 1,
    prefix: '/api',
  })
  expect(options.cors?.responseHeaders('https://a.example')).toBeDefined()
})

test.each<[Partial<Record<keyof PorticoOptions, unknown>>, string]>([
  [{ routes: undefined }, 'routes must be a function that takes a ConnectRouter'],
  [{ lane: 'reference', protocols: [] }, 'protocols needs `lane: "native"`'],
  [{ lane: 'fast' }, 'lane is "fast": it must be one of native, reference'],
  [{ codec: 'fast' }, 'codec is "fast": it must be one of compiled, reflective'],
  [{ readMaxBytes: 0 }, 'readMaxBytes is 0: it must be from 1 to 2147483647'],
  [{ readMaxBytes: 1.5 }, 'readMaxBytes is 1.5: it must be from 1 to 2147483647'],
  [{ decodeBudgetBytes: 0 }, 'decodeBudgetBytes is 0: it must be a whole number from 1'],
  [{ decodeBudgetBytes: 2.5 }, 'decodeBudgetBytes is 2.5: it must be a whole number from 1'],
  [{ writeMaxBytes: 2_147_483_648 }, 'writeMaxBytes is 2147483648: it must be from 1 to 2147483647'],
  [{ writeMaxBytes: Number.NaN }, 'writeMaxBytes is NaN: it must be from 1 to 2147483647'],
  [{ grpc: false, grpcWeb: false, connect: false }, 'one of grpc, grpcWeb, connect and rest must be on'],
  [{ cors: { origins: ['null'] } }, 'cors.origins has "null"'],
  [{ cors: { origin: '*' } }, 'cors.origin is unknown: use cors.origins: true, a list or a function'],
  [{ cors: { maxAgeSecond: 1 } }, 'cors.maxAgeSecond is unknown: did you mean cors.maxAgeSeconds?'],
  [{ jsonOptions: { pretty: 1 } }, 'jsonOptions.pretty is unknown'],
  [{ acceptCompression: ['lzw'] }, 'acceptCompression[0] is "lzw", and must be one of gzip'],
  [{ acceptCompression: 'gzip' }, 'acceptCompression is a string, and must be an array'],
  [{ protocols: 'grpc' }, 'protocols is a string, and must be an array'],
  [{ compressMinBytes: -1 }, 'compressMinBytes is -1: it must be from 0 to 2147483647'],
  [{ maxTimeoutMs: 0.5 }, 'maxTimeoutMs is 0.5: it must be a whole number from 1'],
])('rejects %o', (options, fault) => {
  const act = () => normalizePorticoOptions({ routes, ...options } as PorticoOptions)
  expect(act).toThrow(RangeError)
  expect(act).toThrow(fault)
})

test('REST can be the only protocol if it is asked for, and needs the native lane', () => {
  const others = { grpc: false, grpcWeb: false, connect: false }
  expect(normalizePorticoOptions({ routes, rest: true, ...others }).switches).toEqual({ ...others, rest: true })
  expect(normalizePorticoOptions({ routes, lane: 'reference' }).rest).toBe(false)
  expect(() => normalizePorticoOptions({ routes, lane: 'reference', rest: {} })).toThrow('rest needs `lane: "native"`')
})

test('all errors are reported at once', () => {
  const act = () => normalizePorticoOptions({ routes, readMaxBytes: -1, writeMaxBytes: 0 })
  expect(act).toThrow(/^portico: readMaxBytes is -1.*; writeMaxBytes is 0/)
})

test.each([
  [{ interceptor: [] }, 'interceptor is unknown: did you mean interceptors?'],
  [{ maxReceiveBytes: 1 }, 'maxReceiveBytes is unknown: use readMaxBytes'],
  [{ maxSendBytes: 1 }, 'maxSendBytes is unknown: use writeMaxBytes'],
  [{ brotli: true }, "brotli is unknown: use acceptCompression: ['gzip', 'zstd', 'br']"],
  [{ origins: [] }, 'origins is unknown: use cors.origins'],
  [{ tls: {} }, 'tls is unknown: use onePort({ tls })'],
  [{ https: {} }, 'https is unknown: use tls of onePort'],
  [{ bodyLimit: 5 }, 'bodyLimit is unknown: an option of fastify()'],
  [{ colour: 'blue' }, 'colour is unknown'],
])('rejects an unknown name: %j', (options, fault) => {
  const act = () => normalizePorticoOptions({ routes, ...options } as PorticoOptions)
  expect(act).toThrow(new RangeError(`portico: ${fault}`))
})

test('custom protocols are matched before the standard ones, and can each be disabled', () => {
  const own = { ...grpc, name: 'own', option: 'ownRpc' }
  const { protocols, switches } = normalizePorticoOptions({ routes, protocols: [own] })
  expect(protocols).toEqual([own, ...STANDARD_PROTOCOLS])
  expect(switches).toEqual({ ownRpc: true, grpc: true, grpcWeb: true, connect: true, rest: true })
  const others = { grpc: false, grpcWeb: false, connect: false, rest: false }
  expect(normalizePorticoOptions({ routes, protocols: [own], ...others }).switches).toEqual({ ownRpc: true, ...others })
})
