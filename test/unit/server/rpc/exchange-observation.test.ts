import { gzipSync } from 'node:zlib'
import { create, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import {
  GetStreamRequestSchema,
  GreeterService,
  PutStreamRequestSchema,
  SayHelloRequestSchema,
} from '../../../../gen/greeter/v1/greeter_pb.js'
import { ObserverList } from '../../../../server/observing/observer-list.ts'
import type { CallEnd, CallObserver, CallStart } from '../../../../wire/call-observer.ts'
import { EnvelopeFlag, envelop } from '../../../../wire/envelope.ts'
import { createLaneBench, enveloped, grpcHead } from '../../../support/lane-bench.ts'
import type { MemoryHead } from '../../../support/memory-exchange.ts'

const PATH = '/greeter.v1.GreeterService/SayHello'
const ADA = enveloped(SayHelloRequestSchema, { name: 'Ada' })

interface Report {
  readonly starts: CallStart[]
  readonly ends: CallEnd[]
  readonly messages: string[]
}

/** A lane with an observer that records everything. */
function bench(routes: (router: ConnectRouter) => void) {
  const report: Report = { starts: [], ends: [], messages: [] }
  const observer: CallObserver = {
    onStart(start) {
      report.starts.push(start)
      return {
        onReceived: (onWire, bytes) => void report.messages.push(`received ${onWire} ${bytes}`),
        onSent: (onWire, bytes) => void report.messages.push(`sent ${onWire} ${bytes}`),
        onEnd: (end) => void report.ends.push(end),
      }
    },
  }
  const observers = new ObserverList()
  observers.add([observer], (thrown) => expect.fail(String(thrown)))
  return { ...createLaneBench(routes, { observers }), report }
}

function greeter(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello({ name }) {
      if (name === 'fault') throw new Error('a secret')
      if (name === 'nobody') throw new ConnectError('no such name', Code.NotFound)
      return { message: `Hello ${name}` }
    },
    async *getStream() {
      yield { data: 'a' }
      yield { data: 'bc' }
    },
    async putStream(requests) {
      for await (const _ of requests);
      return {}
    },
  })
}

test('the start of a call has its headers', () => {
  const { request, report, clock } = bench(greeter)
  const fields = [
    ['content-type', 'application/proto'],
    ['x-a', '1'],
    ['x-b', '2'],
    ['x-a', '3'],
  ] as const
  request({ path: `${PATH}?q=1`, fields, authority: 'api.test:80' }, 20)
  const [start] = report.starts
  expect(start).toMatchObject({ side: 'server', protocol: 'connect', method: GreeterService.method.sayHello })
  expect({ ...pick(start) }).toEqual({
    path: PATH,
    httpMethod: 'POST',
    httpVersion: '2',
    peer: '127.0.0.1:4000',
    target: 'api.test:80',
    startedAtMs: clock.now() - 20,
  })
  expect(start?.header.get('x-a')).toBe('1, 3')
  expect(start?.header.get('x-c')).toBeNull()
  expect([...(start?.header.keys() ?? [])]).toEqual(['content-type', 'x-a', 'x-b'])
})

function pick(start: CallStart | undefined) {
  const { path, httpMethod, httpVersion, peer, target, startedAtMs } = start as CallStart
  return { path, httpMethod, httpVersion, peer, target, startedAtMs }
}

test('the end of a call has its bytes, messages and time', () => {
  const { request, report, clock } = bench(greeter)
  const exchange = request(grpcHead(PATH))
  clock.advance(30)
  exchange.feed(ADA, true)
  expect(report.ends).toEqual([
    {
      code: undefined,
      error: null,
      httpStatus: 200,
      receivedBytes: ADA.byteLength,
      sentBytes: exchange.body.byteLength,
      receivedMessages: 1,
      sentMessages: 1,
      durationMs: 30,
      peer: '127.0.0.1:4000',
    },
  ])
  expect(report.messages).toEqual(['received 5 5', 'sent 11 11'])
})

test('a ConnectError of a handler is reported unchanged', () => {
  const { request, report } = bench(greeter)
  request(grpcHead(PATH)).feed(enveloped(SayHelloRequestSchema, { name: 'nobody' }), true)
  expect(report.ends).toMatchObject([{ code: Code.NotFound, error: { rawMessage: 'no such name' }, sentMessages: 0 }])
  expect(report.ends[0]).not.toHaveProperty('errorId')
})

test('an error thrown by a handler is the cause, with the id that the log has', () => {
  const { request, report, faults } = bench(greeter)
  request(grpcHead(PATH)).feed(enveloped(SayHelloRequestSchema, { name: 'fault' }), true)
  const [end] = report.ends
  expect(end).toMatchObject({ code: Code.Internal, error: { cause: new Error('a secret') } })
  expect(faults).toEqual([{ err: new Error('a secret'), errorId: end?.errorId }])
})

test('the body of an error counts', () => {
  const { request, report } = bench(greeter)
  const exchange = request({ path: PATH, fields: [['content-type', 'application/json']] })
  exchange.feed(Buffer.from('not JSON'), true)
  expect(exchange.body.byteLength).toBeGreaterThan(0)
  expect(report.ends).toMatchObject([
    { code: Code.InvalidArgument, httpStatus: 400, sentBytes: exchange.body.byteLength, receivedBytes: 8 },
  ])
})

test('stream messages are counted in both directions', async () => {
  const { request, report } = bench(greeter)
  const get = request(grpcHead('/greeter.v1.GreeterService/GetStream'))
  get.feed(enveloped(GetStreamRequestSchema, { topic: 't' }), true)
  await expect.poll(() => report.ends).toMatchObject([{ receivedMessages: 1, sentMessages: 2 }])
  const put = request(grpcHead('/greeter.v1.GreeterService/PutStream'))
  put.feed(Buffer.concat([enveloped(PutStreamRequestSchema, {}), enveloped(PutStreamRequestSchema, {})]), true)
  await expect.poll(() => report.ends).toMatchObject([{}, { receivedMessages: 2, sentMessages: 1, code: undefined }])
})

test('a compressed message has two sizes', async () => {
  const { request, report } = bench(greeter)
  const name = 'a'.repeat(2_000)
  const data = toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name }))
  const packed = gzipSync(data)
  const encodings = [
    ['grpc-encoding', 'gzip'],
    ['grpc-accept-encoding', 'gzip'],
  ] as const
  const exchange = request(grpcHead(PATH, encodings))
  exchange.feed(envelop(EnvelopeFlag.COMPRESSED, packed), true)
  await expect.poll(() => report.ends.length).toBe(1)
  const sent = `sent ${exchange.body.byteLength - 5} ${data.byteLength + 'Hello '.length}`
  expect(report.messages).toEqual([`received ${packed.byteLength} ${data.byteLength}`, sent])
})

describe('a request that never becomes a call has a start and an end', () => {
  const rows: readonly (readonly [string, MemoryHead, object, object])[] = [
    ['of another verb', { path: PATH, method: 'PUT' }, { protocol: 'connect' }, { httpStatus: 405 }],
    [
      'of another type',
      { path: PATH, fields: [['content-type', 'text/csv']] },
      { protocol: 'connect' },
      { httpStatus: 415 },
    ],
    ['of no method', grpcHead('/a.B/C'), { protocol: 'grpc', method: undefined }, { code: Code.Unimplemented }],
    ['with a bad authority', { ...grpcHead(PATH), authority: 'a b' }, { protocol: 'grpc' }, { httpStatus: 400 }],
    ['that is too large', { ...grpcHead(PATH), verdict: 'too-large' }, { protocol: 'grpc' }, { httpStatus: 431 }],
  ]
  test.each(rows)('%s', (_what, head, start, end) => {
    const { request, report } = bench(greeter)
    const exchange = request(head)
    expect(report.starts).toMatchObject([start])
    expect(report.ends).toMatchObject([{ receivedMessages: 0, sentBytes: exchange.body.byteLength, ...end }])
  })
})

test('a client that disconnects ends its call, and so does a deadline', () => {
  const { request, report, clock } = bench(greeter)
  request(grpcHead(PATH)).abort()
  request(grpcHead(PATH, [['grpc-timeout', '50m']]))
  clock.advance(100)
  expect(report.ends).toMatchObject([
    { code: Code.Canceled, httpStatus: undefined },
    { code: Code.DeadlineExceeded, httpStatus: 200 },
  ])
})
