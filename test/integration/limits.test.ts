/** Everything that a caller can make grow is limited: deadlines, messages, concurrent streams. */
import { connect } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { create, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService, SayHelloRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import {
  type CallProtocol,
  callBody,
  callHead,
  callHeaders,
  endOf,
  envelope,
  SAY_HELLO,
  sayHello,
  UNARY_PROTOCOLS,
} from '../support/calls.ts'
import { startDemo, startFastify, startRoutes } from '../support/demo-server.ts'
import { exchangeHttp1, exchangeOn, exchanges, readHttp2 } from '../support/exchange.ts'
import { decodeFrames, encodeFrame, FLAG, FRAME, type Frame, PREFACE } from '../support/http2-frames.ts'
import { RawSocket } from '../support/raw-socket.ts'

const DAY_MS = 86_400_000
const MIB = 1_048_576
const REFUSED_STREAM = 7

const isGrpc = (protocol: CallProtocol) => protocol.startsWith('grpc')
const timeoutHeader = (protocol: CallProtocol) => (isGrpc(protocol) ? 'grpc-timeout' : 'connect-timeout-ms')

/** A valid message of about this many bytes. */
function bigHello(protocol: CallProtocol, bytes: number): Uint8Array {
  const name = 'a'.repeat(bytes)
  if (protocol === 'connect-json') return Buffer.from(JSON.stringify({ name }))
  return toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name }))
}

describe.each(exchanges)('over %s', (_version, exchange) => {
  describe.each(UNARY_PROTOCOLS)('%s', (protocol) => {
    test('the longest possible deadline reaches the handler as one day', async () => {
      let seenMs: number | undefined
      const { origin } = await startRoutes({
        routes: (router) =>
          router.service(GreeterService, {
            sayHello(_request, context: HandlerContext) {
              seenMs = context.timeoutMs()
              return { message: String(context.signal.aborted) }
            },
          }),
      })
      const call = sayHello(protocol)
      call.headers[timeoutHeader(protocol)] = isGrpc(protocol) ? '99999999H' : '9999999999'
      const answer = await exchange(origin, call)
      expect(endOf(protocol, answer).code).toBe('ok')
      expect(answer.body.toString('latin1')).toContain('false')
      expect(seenMs).toBeGreaterThan(DAY_MS - 60_000)
      expect(seenMs).toBeLessThanOrEqual(DAY_MS)
    })

    test.each(isGrpc(protocol) ? ['-1S', '1', 'S', '123456789S', '1e3S', '1h'] : ['-1', '1.5', '1S', '12345678901'])(
      'rejects a deadline of "%s"',
      async (value) => {
        const { origin } = await startDemo()
        const call = sayHello(protocol)
        call.headers[timeoutHeader(protocol)] = value
        expect(endOf(protocol, await exchange(origin, call)).code).toMatch(/^(?:invalid_argument|grpc-status 3)$/)
      },
    )

    test('rejects a message above 4 MiB', async () => {
      const { origin } = await startDemo()
      const call = { ...sayHello(protocol), body: callBody(protocol, bigHello(protocol, 4 * MIB + 1)) }
      expect(endOf(protocol, await exchange(origin, call)).code).toMatch(/^(?:resource_exhausted|grpc-status 8)$/)
    })

    test('rejects a message that decompresses to more than 4 MiB', async () => {
      const { origin } = await startDemo()
      const packed = gzipSync(bigHello(protocol, 64 * MIB))
      expect(packed.length).toBeLessThan(MIB)
      const call = sayHello(protocol)
      call.headers[isGrpc(protocol) ? 'grpc-encoding' : 'content-encoding'] = 'gzip'
      const body = isGrpc(protocol) ? envelope(packed, 1) : packed
      const end = endOf(protocol, await exchange(origin, { ...call, body }))
      expect(end.code).toMatch(/^(?:resource_exhausted|grpc-status 8)$/)
    })
  })

  test.each(['grpc', 'grpc-web', 'connect-stream'] as const)(
    '%s: a prefix that announces 4 GiB is rejected without allocating it',
    async (protocol) => {
      const { origin } = await startDemo()
      const before = process.memoryUsage().rss
      const path = protocol === 'connect-stream' ? '/greeter.v1.GreeterService/GetStream' : SAY_HELLO
      const body = Buffer.from([0, 0xff, 0xff, 0xff, 0xff])
      const end = endOf(protocol, await exchange(origin, { path, headers: callHeaders(protocol), body }))
      expect(end.code).toMatch(/^(?:resource_exhausted|grpc-status 8)$/)
      expect(process.memoryUsage().rss - before).toBeLessThan(256 * MIB)
    },
  )
})

/** A string field takes two bytes beside its text; the answer has "Hello " before the name. */
test.each([
  [{ readMaxBytes: 20 }, 18],
  [{ writeMaxBytes: 20 }, 12],
])('%o is exact to the byte', async (options, longestName) => {
  const { origin } = await startDemo(options)
  const callOf = (length: number) => exchangeHttp1(origin, sayHello('connect', 'n'.repeat(length)))
  expect(endOf('connect', await callOf(longestName)).code).toBe('ok')
  expect(endOf('connect', await callOf(longestName + 1)).code).toBe('resource_exhausted')
})

test('rejects the 101st concurrent stream, and serves the other hundred', async () => {
  const { port } = await startDemo()
  const raw = await RawSocket.open({ port })
  const ids = Array.from({ length: 101 }, (_, at) => 2 * at + 1)
  raw.write(
    Buffer.concat([PREFACE, encodeFrame({ type: FRAME.SETTINGS }), ...ids.map((id) => callHead(SAY_HELLO, id))]),
  )
  const frames = () => decodeFrames(raw.received)
  await raw.until(() => frames().some((frame) => frame.type === FRAME.RST_STREAM), 'a reset')
  expect(frames().filter((frame) => frame.type === FRAME.RST_STREAM)).toEqual([
    { type: FRAME.RST_STREAM, flags: 0, streamId: 201, payload: Buffer.from([0, 0, 0, REFUSED_STREAM]) },
  ])
  const { body } = sayHello('grpc')
  const ends = ids
    .slice(0, 100)
    .map((streamId) =>
      encodeFrame({ type: FRAME.DATA, flags: FLAG.END_STREAM, streamId, payload: Buffer.from(body ?? '') }),
    )
  raw.write(Buffer.concat([encodeFrame({ type: FRAME.SETTINGS, flags: FLAG.ACK }), ...ends]))
  await raw.until(() => frames().filter(isLastOfStream).length === 100, 'all answers')
  expect(raw.text.match(/Hello Ada/g)).toHaveLength(100)
})

function isLastOfStream({ type, flags }: Frame): boolean {
  return type === FRAME.HEADERS && (flags & FLAG.END_STREAM) !== 0
}

describe('pipelined requests over HTTP/1.1', () => {
  const ahead = (path: string, count: number) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(count)

  async function startWaiting() {
    const app = fastify(onePort())
    const release = Promise.withResolvers<string>()
    const paths: string[] = []
    app.get('/wait/:name', async ({ url }) => {
      paths.push(url)
      return release.promise
    })
    app.get('/fast', async () => 'fast')
    return { ...(await startFastify(app)), paths, release }
  }

  test('256 wait at once, and all are answered', async () => {
    const { port, paths, release } = await startWaiting()
    const raw = await RawSocket.open({ port })
    raw.write(ahead('/wait/a', 256))
    await expect.poll(() => paths.length).toBe(256)
    release.resolve('done')
    await raw.until(() => raw.text.match(/done/g)?.length === 256, '256 answers')
    raw.write(ahead('/fast', 1))
    await raw.untilText('fast')
  })

  test('one more closes the connection, and no other', async () => {
    const { port, paths, release } = await startWaiting()
    const raw = await RawSocket.open({ port })
    raw.write(ahead('/wait/a', 1_000))
    await raw.closed
    expect(paths).toHaveLength(256)
    const other = await RawSocket.open({ port })
    other.write(ahead('/fast', 1))
    await other.untilText('fast')
    release.resolve('done')
  })
})

test('the gate rejects a call before its body arrives', async () => {
  const { origin } = await startDemo({
    requestGate() {
      throw new ConnectError('not you', Code.Unauthenticated)
    },
  })
  const session = connect(origin)
  onTestFinished(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': SAY_HELLO, ...callHeaders('grpc') })
  expect(endOf('grpc', await readHttp2(stream))).toEqual({ code: 'grpc-status 16', message: 'not you' })
})

test('calls answered before their body is complete free their streams', async () => {
  const { origin } = await startDemo({ listen: { maxConcurrentStreams: 2 } })
  const session = connect(origin)
  onTestFinished(() => session.destroy())
  for (let call = 0; call < 6; call++) {
    const stream = session.request({ ':method': 'POST', ':path': SAY_HELLO, ...callHeaders('grpc') })
    stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 0]))
    expect(endOf('grpc', await readHttp2(stream)).code).toBe('grpc-status 8')
  }
  expect(endOf('grpc', await exchangeOn(session, sayHello('grpc'))).code).toBe('ok')
})
