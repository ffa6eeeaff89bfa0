import { Code } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import { type FastifyBaseLogger, fastify, LogController } from 'fastify'
import { expect, test } from 'vitest'
import { type AccessLogSources, addAccessLog } from '../../../../server/telemetry/access-log.ts'
import { startFastify } from '../../../support/demo-server.ts'
import { exchangeHttp1 } from '../../../support/exchange.ts'
import { LogCapture, type LogLine } from '../../../support/log-capture.ts'
import { RawSocket } from '../../../support/raw-socket.ts'

const LEVEL = { debug: 20, info: 30, warn: 40, error: 50 } as const
const HEALTH_CHECK = '/grpc.health.v1.Health/Check'
const CALL: AccessLogSources = {
  protocolOf: () => 'grpc',
  httpVersionOf: ({ raw }) => raw.httpVersion,
  outcomeOf: () => undefined,
  trafficOf: () => undefined,
}
const ORDINARY: AccessLogSources = { ...CALL, protocolOf: () => undefined }

/** Starts a Fastify that answers every path with that status, or not at all. */
async function start(sources: AccessLogSources, status?: number) {
  const log = new LogCapture()
  const loggerInstance: FastifyBaseLogger = log.logger
  const app = fastify({ loggerInstance, logController: new LogController({ disableRequestLogging: true }) })
  addAccessLog(app, sources)
  app.all('*', async (_request, reply) => {
    if (status === undefined) return reply.hijack()
    return reply.code(status).send('x')
  })
  const line = async () => {
    const lines = () => log.lines.filter(({ msg }) => msg === 'call' || msg === 'request')
    await expect.poll(() => lines().length).toBe(1)
    return lines()[0] ?? {}
  }
  return { ...(await startFastify(app)), line }
}

async function lineOf(sources: AccessLogSources, { path = '/a.B/C', status = 200 } = {}): Promise<LogLine> {
  const { origin, line } = await start(sources, status)
  await exchangeHttp1(origin, { path })
  return line()
}

test('a call has its method, protocol, code, bytes and peer', async () => {
  const traffic = { receivedBytes: 12, sentBytes: 34, grpcStatus: '0' }
  expect(await lineOf({ ...CALL, trafficOf: () => traffic }, { path: '/a.B/C?d=e' })).toMatchObject({
    msg: 'call',
    level: LEVEL.info,
    method: 'a.B/C',
    protocol: 'grpc',
    code: 'ok',
    receivedBytes: 12,
    sentBytes: 34,
    peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    httpVersion: '1.1',
    durationMs: expect.any(Number),
  })
})

test.each([
  [Code.NotFound, LEVEL.info],
  [Code.Canceled, LEVEL.info],
  [Code.Unimplemented, LEVEL.info],
  [Code.DeadlineExceeded, LEVEL.warn],
  [Code.PermissionDenied, LEVEL.warn],
  [Code.Unavailable, LEVEL.warn],
  [Code.Unknown, LEVEL.error],
  [Code.Internal, LEVEL.error],
  [Code.DataLoss, LEVEL.error],
])('a call that ended with code %i is as loud as %i', async (code, level) => {
  expect(await lineOf({ ...CALL, outcomeOf: () => code })).toMatchObject({ code: codeToString(code), level })
})

test.each([
  [200, 'ok'],
  [400, 'invalid_argument'],
  [404, 'unimplemented'],
  [429, 'unavailable'],
  [500, 'unknown'],
])('a call of which only HTTP %i is known ended with %s', async (status, code) => {
  expect(await lineOf(CALL, { status })).toMatchObject({ code })
})

test('the status in the trailers goes before that of HTTP', async () => {
  const traffic = { receivedBytes: 0, sentBytes: 0, grpcStatus: '5' }
  expect(await lineOf({ ...CALL, trafficOf: () => traffic })).toMatchObject({ code: 'not_found' })
})

test('a call whose connection broke was cancelled', async () => {
  const { port, line } = await start(CALL)
  const raw = await RawSocket.open({ port })
  raw.write('POST /a.B/C HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n')
  raw.socket.end()
  expect(await line()).toMatchObject({ code: 'canceled', level: LEVEL.info })
})

test('ordinary HTTP has its verb, path and status', async () => {
  const line = await lineOf(ORDINARY, { path: '/about?x=1', status: 404 })
  expect(line).toMatchObject({ msg: 'request', level: LEVEL.info, method: 'POST', path: '/about', status: 404 })
  expect(line).not.toHaveProperty('code')
})

test('probes are quiet, unless they fail', async () => {
  expect(await lineOf(ORDINARY, { path: '/livez' })).toMatchObject({ level: LEVEL.debug })
  expect(await lineOf(CALL, { path: HEALTH_CHECK })).toMatchObject({ level: LEVEL.debug })
  const failing = { ...CALL, outcomeOf: () => Code.Internal }
  expect(await lineOf(failing, { path: HEALTH_CHECK })).toMatchObject({ level: LEVEL.error })
})
