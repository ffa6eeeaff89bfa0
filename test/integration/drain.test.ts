/** A drain loses no call that has begun: the real process, a real signal, real clients. */
import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { create, toBinary } from '@bufbuild/protobuf'
import { createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { GetStreamRequestSchema, GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { callHeaders, endOf, envelope, SAY_HELLO, sayHello } from '../support/calls.ts'
import { startDemo, startRoutes, testLane } from '../support/demo-server.ts'
import { exchangeHttp1, exchangeHttp2, exchangeOn, readHttp2 } from '../support/exchange.ts'
import { ServerProcess } from '../support/server-process.ts'

const GET_STREAM = '/greeter.v1.GreeterService/GetStream'
const ALL_STREAM = '/greeter.v1.GreeterService/AllStream'
const PUT_STREAM = '/greeter.v1.GreeterService/PutStream'
const HELLO_MESSAGE = Buffer.from('0a03416461', 'hex')
const MESSAGE = envelope(Buffer.from('0a0174120161', 'hex'))
const TOPIC = toBinary(GetStreamRequestSchema, create(GetStreamRequestSchema, { topic: 't' }))

/** A call that stays open until its body ends, and is known to have reached its handler. */
async function openCall(session: ClientHttp2Session, path = PUT_STREAM) {
  const stream = session.request({ ':method': 'POST', ':path': path, ...callHeaders('grpc') })
  const answer = readHttp2(stream)
  answer.catch(() => {})
  stream.write(MESSAGE)
  // A response on the same connection shows that the earlier request was processed.
  await exchangeOn(session, sayHello('grpc'))
  return { stream, answer }
}

function openSession(origin: string): ClientHttp2Session {
  const session = connect(origin)
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  return session
}

/** How many calls ended at the server, by code. A call that it started and lost would not count as `ok`. */
function codesOf(server: ServerProcess): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { msg, code } of server.lines) {
    if (msg === 'call') counts[String(code)] = (counts[String(code)] ?? 0) + 1
  }
  return counts
}

test('under load, every call over HTTP/2 succeeds or was never started', async () => {
  const { server, port } = await ServerProcess.listen()
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  onTestFinished(() => client.close())
  const codes = new Map<number, number>()
  const call = () =>
    new Promise<number>((resolve) => {
      const identity = (bytes: Buffer) => bytes
      const deadline = { deadline: Date.now() + 20_000 }
      client.makeUnaryRequest(SAY_HELLO, identity, identity, HELLO_MESSAGE, deadline, (error: ServiceError | null) =>
        resolve(error?.code ?? status.OK),
      )
    })
  const caller = async () => {
    for (;;) {
      const code = await call()
      codes.set(code, (codes.get(code) ?? 0) + 1)
      if (codes.get(status.OK) === 300) server.kill('SIGTERM')
      if (code !== status.OK) return
    }
  }
  await Promise.all(Array.from({ length: 20 }, caller))
  expect(await server.exited).toBe(0)
  // Once the port is closed a caller gets UNAVAILABLE, and nothing else.
  expect([...codes.keys()].sort((a, b) => a - b)).toEqual([status.OK, status.UNAVAILABLE])
  expect(codesOf(server)).toEqual({ ok: codes.get(status.OK) })
})

test('under load, every call over HTTP/1.1 succeeds or found no connection', async () => {
  const { server, origin } = await ServerProcess.listen()
  const { sayHello: hello } = createClient(
    GreeterService,
    createConnectTransport({ baseUrl: origin, httpVersion: '1.1' }),
  )
  let served = 0
  const failures: string[] = []
  const caller = async () => {
    for (;;) {
      try {
        expect((await hello({ name: 'Ada' })).message).toBe('Hello Ada')
      } catch (error) {
        failures.push(String(error))
        return
      }
      served += 1
      if (served === 300) server.kill('SIGTERM')
    }
  }
  await Promise.all(Array.from({ length: 20 }, caller))
  expect(await server.exited).toBe(0)
  // A request that meets the end of an idle connection is lost before it is read: no drain can help that of HTTP/1.1.
  expect(failures.filter((failure) => !/ECONNREFUSED|ECONNRESET|EPIPE|socket hang up/.test(failure))).toEqual([])
  expect(codesOf(server)).toEqual({ ok: served })
})

test('an open call finishes, and the process exits with 0', async () => {
  const { server, origin } = await ServerProcess.listen()
  const session = openSession(origin)
  const { stream, answer } = await openCall(session)
  server.kill('SIGTERM')
  await once(session, 'goaway')
  stream.end(MESSAGE)
  expect(endOf('grpc', await answer).code).toBe('ok')
  expect(await server.exited).toBe(0)
  expect(await exchangeHttp1(origin, { method: 'GET', path: '/livez' }).catch((error) => error.code)).toBe(
    'ECONNREFUSED',
  )
})

test('an endless stream ends at the drain', async () => {
  const { server, origin } = await ServerProcess.listen()
  const session = openSession(origin)
  const stream = session.request({ ':method': 'POST', ':path': GET_STREAM, ...callHeaders('grpc') })
  stream.end(envelope(TOPIC))
  await exchangeOn(session, sayHello('grpc'))
  server.kill('SIGTERM')
  const { code } = endOf('grpc', await readHttp2(stream))
  expect(['ok', 'grpc-status 14']).toContain(code)
  expect(await server.exited).toBe(0)
})

test('calls are served during the drain delay, while health and readiness fail', async () => {
  const { server, origin } = await ServerProcess.listen(['--drain-delay', '5m', '--drain-timeout', '10m'])
  server.kill('SIGTERM')
  await server.untilLine((line) => line.startsWith('draining'))
  const ready = () => exchangeHttp1(origin, { method: 'GET', path: '/readyz' })
  await expect.poll(async () => (await ready()).status).toBe(503)
  expect((await exchangeHttp1(origin, { method: 'GET', path: '/livez' })).status).toBe(200)
  const path = '/grpc.health.v1.Health/Check'
  const headers = { 'content-type': 'application/json' }
  const health = await exchangeHttp1(origin, { path, headers, body: '{}' })
  expect(JSON.parse(health.body.toString())).toEqual({ status: 'NOT_SERVING' })
  expect(endOf('connect', await exchangeHttp1(origin, sayHello('connect'))).code).toBe('ok')
})

test('during the delay old and new connections are served over each HTTP version, then old ones get GOAWAY', async () => {
  const { drain, origin } = await startDemo({ listen: { drainTimeoutMs: 60_000 } })
  const session = openSession(origin)
  await exchangeOn(session, sayHello('grpc'))
  const goaway = once(session, 'goaway')
  const drained = drain(1_000)
  const answers = await Promise.all([
    exchangeOn(session, sayHello('grpc')),
    exchangeHttp2(origin, sayHello('grpc')),
    exchangeHttp1(origin, sayHello('grpc-web')),
    exchangeHttp1(origin, sayHello('connect')),
  ])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  const ready = await exchangeHttp2(origin, { method: 'GET', path: '/readyz' })
  expect(ready.status).toBe(503)
  await goaway
  expect(await drained).toBe(true)
})

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a second %s, after the echo interval, exits with %i', async (signal, code) => {
  const { server, origin } = await ServerProcess.listen()
  await openCall(openSession(origin))
  server.kill(signal)
  // Each of these is an echo until a second has passed.
  const repeat = setInterval(() => server.kill(signal), 100)
  onTestFinished(() => clearInterval(repeat))
  expect(await server.exited).toBe(code)
})

test('idle calls that are reading end with UNAVAILABLE before the cut, and the process exits with 1', async () => {
  const { server, origin } = await ServerProcess.listen(['--drain-timeout', '2s'])
  const session = openSession(origin)
  const put = await openCall(session, PUT_STREAM)
  const all = await openCall(session, ALL_STREAM)
  server.kill('SIGTERM')
  expect(endOf('grpc', await put.answer).code).toBe('grpc-status 14')
  expect(endOf('grpc', await all.answer).code).toBe('grpc-status 14')
  expect(await server.exited).toBe(1)
  const [line] = server.lines.filter(({ msg }) => msg === 'drain timed out and cut off calls')
  expect(line).toMatchObject({ calls: 2 })
})

test('a call that outlasts the drain timeout is ended, and the process exits with 1', async () => {
  const { server, origin } = await ServerProcess.listen(['--drain-timeout', '200ms'])
  const session = openSession(origin)
  const { path, headers, body = '' } = sayHello('grpc')
  // Without its last byte the call never reaches a handler, which alone could end it.
  const stream = session.request({ ':method': 'POST', ':path': path, ...headers })
  stream.write(body.slice(0, -1))
  await exchangeOn(session, sayHello('grpc'))
  const ended = readHttp2(stream).then(
    (answer) => endOf('grpc', answer).code,
    () => 'reset',
  )
  server.kill('SIGTERM')
  // Connect's plugin still reads the body of such a call, and cannot be stopped.
  expect(await ended).toBe(testLane === 'native' ? 'grpc-status 14' : 'reset')
  expect(await server.exited).toBe(1)
})

describe('while no timer fires', () => {
  async function startUntimed() {
    const app = await startDemo({ listen: { drainTimeoutMs: 60_000 } })
    const session = openSession(app.origin)
    await exchangeOn(session, sayHello('grpc'))
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    return { app, session }
  }

  test('a connection without a call is closed with one GOAWAY', async () => {
    const { app, session } = await startUntimed()
    const goaways: number[] = []
    session.on('goaway', (_code, lastStreamId) => goaways.push(lastStreamId))
    const closed = once(session, 'close')
    expect(await app.drain()).toBe(true)
    await closed
    expect(new Set(goaways).size).toBe(1)
  })

  test('a connection whose peer has just left is closed', async () => {
    const { app, session } = await startUntimed()
    session.destroy()
    expect(await app.drain()).toBe(true)
  })

  test('a connection is closed after its last call', async () => {
    const { app, session } = await startUntimed()
    const stream = session.request({ ':method': 'POST', ':path': GET_STREAM, ...callHeaders('grpc') })
    const answer = readHttp2(stream)
    stream.end(envelope(TOPIC))
    await exchangeOn(session, sayHello('grpc'))
    expect(await app.drain()).toBe(true)
    expect(endOf('grpc', await answer).code).toBe('ok')
  })
})

test('a call that watches its signal ends with UNAVAILABLE before the cut', async () => {
  const app = await startRoutes({
    listen: { drainTimeoutMs: 500 },
    routes: (router) =>
      router.service(GreeterService, {
        async putStream(_messages, { signal }) {
          if (!signal.aborted) await once(signal, 'abort')
          throw signal.reason
        },
      }),
  })
  const session = openSession(app.origin)
  const stream = session.request({ ':method': 'POST', ':path': PUT_STREAM, ...callHeaders('grpc') })
  const answered = readHttp2(stream)
  // A response on the same connection shows that the earlier request was processed.
  await exchangeOn(session, { method: 'GET', path: '/livez' })
  const drained = app.drain()
  expect(endOf('grpc', await answered).code).toBe('grpc-status 14')
  expect(await drained).toBe(false)
})
