import { create } from '@bufbuild/protobuf'
import type { ConnectRouterOptions, HandlerContext, Interceptor } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { GreeterService, SayHelloResponseSchema } from '../../../../gen/greeter/v1/greeter_pb.js'
import { collectRoutes, typeRegistryOf } from '../../../../server/rpc/collect-routes.ts'
import type { LaneOptions } from '../../../../server/rpc/lane.ts'
import { createMethodTable } from '../../../../server/rpc/method-table.ts'
import { connectStream } from '../../../../server/rpc/protocols/connect/stream-protocol.ts'
import { connectUnary } from '../../../../server/rpc/protocols/connect/unary-protocol.ts'
import { grpc } from '../../../../server/rpc/protocols/grpc/protocol.ts'
import { grpcWeb, grpcWebText } from '../../../../server/rpc/protocols/grpc-web/protocol.ts'
import { STANDARD_PROTOCOLS } from '../../../../server/rpc/standard-protocols.ts'
import { COMPRESSIONS } from '../../../../wire/compression/compression-choice.ts'

const SAY_HELLO = '/greeter.v1.GreeterService/SayHello'
const ofLane: Interceptor = (next) => next
const ofService: Interceptor = (next) => next

function entryOf(options?: Partial<ConnectRouterOptions>, lane: Partial<LaneOptions> = {}) {
  const routes = collectRoutes((router) => router.service(GreeterService, { sayHello: () => ({}) }, options))
  const table = createMethodTable(routes, {
    protocols: STANDARD_PROTOCOLS,
    switches: {},
    interceptors: [ofLane],
    requestGate: undefined,
    maxReceiveBytes: 1_000,
    maxSendBytes: 2_000,
    maxTimeoutMs: 3_000,
    shutdownSignal: new AbortController().signal,
    registry: typeRegistryOf(routes.services),
    ...lane,
  })
  const entry = table.get(SAY_HELLO)
  if (entry === undefined) throw new Error('no entry')
  return { entry, table }
}

test('every method of a service has an entry, including unimplemented ones', () => {
  const { table } = entryOf()
  expect([...table.keys()]).toEqual(GreeterService.methods.map(({ name }) => `/greeter.v1.GreeterService/${name}`))
  const publish = table.get('/greeter.v1.GreeterService/Publish')
  expect(() => publish?.implementation({} as never, {} as HandlerContext)).toThrow(/not implemented/)
})

test('a service without options has those of the lane', () => {
  const { entry } = entryOf()
  expect(entry).toMatchObject({
    kind: 'unary',
    isSafe: true,
    limits: {
      maxReceiveBytes: 1_000,
      maxSendBytes: 2_000,
      defaultTimeoutMs: -1,
      maxTimeoutMs: 3_000,
      compressMinBytes: 1_024,
    },
    interceptors: [ofLane],
    requiresConnectVersion: false,
  })
  expect(entry.compressions.map(({ name }) => name)).not.toContain('br')
})

test('options of a service override those of the lane; interceptors run after', () => {
  const requestGate = () => {}
  const { entry } = entryOf({
    readMaxBytes: 10,
    writeMaxBytes: 20,
    maxTimeoutMs: 30,
    compressMinBytes: 40,
    acceptCompression: [],
    interceptors: [ofService],
    requireConnectProtocolHeader: true,
    requestGate,
  })
  expect(entry).toMatchObject({
    limits: { maxReceiveBytes: 10, maxSendBytes: 20, defaultTimeoutMs: -1, maxTimeoutMs: 30, compressMinBytes: 40 },
    compressions: [],
    interceptors: [ofLane, ofService],
    requiresConnectVersion: true,
    requestGate,
  })
})

test('a protocol is enabled if lane and service both enable it', () => {
  const { entry } = entryOf({ connect: false }, { switches: { grpc: false, grpcWeb: true, connect: true } })
  expect(entry.protocols).toEqual([grpcWeb, grpcWebText])
})

test('a method can be called in the protocols that support its kind', () => {
  const { table } = entryOf()
  expect(table.get(SAY_HELLO)?.protocols).toEqual([grpc, grpcWeb, grpcWebText, connectUnary])
  const streams = table.get('/greeter.v1.GreeterService/GetStream')?.protocols
  expect(streams).toEqual([grpc, grpcWeb, grpcWebText, connectStream])
})

test('Connect options of the lane apply to services that do not set them', () => {
  const lane = {
    compressMinBytes: 7,
    requiresConnectVersion: true,
    jsonOptions: { alwaysEmitImplicit: true },
    acceptCompression: [],
  }
  const { entry } = entryOf(undefined, lane)
  expect(entry).toMatchObject({ limits: { compressMinBytes: 7 }, compressions: [], requiresConnectVersion: true })
  const message = create(SayHelloResponseSchema)
  const text = (from: typeof entry) => new TextDecoder().decode(from.codecs.json.encode(message))
  expect(text(entry)).toBe('{"message":""}')
  const own = { compressMinBytes: 8, requireConnectProtocolHeader: false, jsonOptions: {} }
  const other = entryOf(own, lane).entry
  expect(other).toMatchObject({ limits: { compressMinBytes: 8 }, requiresConnectVersion: false })
  expect(text(other)).toBe('{}')
})

test('brotli is opt-in', () => {
  expect(entryOf(undefined, { acceptCompression: COMPRESSIONS }).entry.compressions.map(({ name }) => name)).toContain(
    'br',
  )
})
