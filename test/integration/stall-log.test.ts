/** The log names a stall as the reason for ending a call, not a lost client. */
import { connect } from 'node:http2'
import type { FastifyInstance } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { LANES } from '../../server/rpc/lane.ts'
import { type CallProtocol, callHeaders } from '../support/calls.ts'
import { startFastify } from '../support/demo-server.ts'
import { LogCapture } from '../support/log-capture.ts'
import { RawSocket } from '../support/raw-socket.ts'

const PUT_STREAM = '/greeter.v1.GreeterService/PutStream'
const GET_STREAM = '/greeter.v1.GreeterService/GetStream'
const STALLED = {
  code: 'deadline_exceeded',
  level: 40,
  error: expect.stringMatching(/does not (read|send)|stopped (reading|arriving)/),
}

async function start(lane: (typeof LANES)[number], addHooks: (app: FastifyInstance) => void = () => {}) {
  const log = new LogCapture()
  const app = await createApp({
    lane,
    logger: log.logger,
    listen: { drainTimeoutMs: 0, stallTimeoutMs: 100, http2: { liveStallTimeoutMs: 100 } },
    routes: (router) =>
      router.service(GreeterService, {
        async *getStream() {
          for (;;) yield { data: 'x'.repeat(60_000) }
        },
        async putStream(requests) {
          for await (const _ of requests);
          return {}
        },
      }),
  })
  addHooks(app.fastify)
  const { port, origin } = await startFastify(app.fastify)
  const untilLogged = () => expect.poll(() => log.withMessage('call'), { timeout: 10_000 }).toHaveLength(1)
  return { log, port, origin, untilLogged }
}

const WAYS = LANES.flatMap((lane) => [
  [lane, 'straight', undefined] as const,
  [lane, 'behind hooks', (app: FastifyInstance) => void app.addHook('onRequest', async () => {})] as const,
])

describe.each(WAYS)('on the %s lane, %s', (lane, _way, addHooks) => {
  test.each<CallProtocol>(['grpc', 'grpc-web', 'connect-stream'])(
    'a call over HTTP/2 that stops sending: %s',
    async (protocol) => {
      const { log, origin, untilLogged } = await start(lane, addHooks)
      const session = connect(origin)
      onTestFinished(() => session.destroy())
      const stream = session.request({ ':method': 'POST', ':path': PUT_STREAM, ...callHeaders(protocol) })
      stream.on('error', () => {}).write(Buffer.from([0, 0]))
      await untilLogged()
      expect(log.withMessage('call')).toMatchObject([STALLED])
    },
  )

  test.each<CallProtocol>(['grpc-web', 'connect-stream'])(
    'a call over HTTP/1.1 that stops sending: %s',
    async (protocol) => {
      const { log, port, untilLogged } = await start(lane, addHooks)
      const raw = await RawSocket.open({ port })
      const type = callHeaders(protocol)['content-type']
      raw.write(`POST ${PUT_STREAM} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: 9\r\n\r\n`)
      raw.write(Buffer.from([0, 0]))
      await untilLogged()
      expect(log.withMessage('call')).toMatchObject([STALLED])
    },
  )

  test.each<CallProtocol>(['grpc', 'connect-stream'])(
    'a response over HTTP/2 that is not read: %s',
    async (protocol) => {
      const { log, origin, untilLogged } = await start(lane, addHooks)
      const session = connect(origin)
      onTestFinished(() => session.destroy())
      const stream = session.request({ ':method': 'POST', ':path': GET_STREAM, ...callHeaders(protocol) })
      stream.on('error', () => {}).end(Buffer.from([0, 0, 0, 0, 0]))
      await untilLogged()
      expect(log.withMessage('call')).toMatchObject([STALLED])
    },
  )

  test('a response over HTTP/1.1 that is not read', async () => {
    const { log, port, untilLogged } = await start(lane, addHooks)
    const raw = await RawSocket.open({ port })
    raw.socket.pause()
    raw.socket.removeAllListeners('data')
    raw.write('POST /greeter.v1.GreeterService/GetStream HTTP/1.1\r\nHost: localhost\r\n')
    raw.write('Content-Type: application/connect+json\r\nContent-Length: 7\r\n\r\n')
    raw.write(Buffer.from([0, 0, 0, 0, 2, 0x7b, 0x7d]))
    await untilLogged()
    expect(log.withMessage('call')).toMatchObject([STALLED])
  })
})
