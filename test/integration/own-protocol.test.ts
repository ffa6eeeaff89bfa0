/** A custom protocol, JSON-RPC 2.0, from a folder of the tests and added by one option, has all features of calls. */
import { connect } from 'node:http2'
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  type HandlerContext,
  type Interceptor,
  type ServiceImpl,
} from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { AppOptions } from '../../server/app.ts'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import type { ServerProtocol } from '../../server/rpc/protocols/server-protocol.ts'
import type { CallObserver } from '../../wire/call-observer.ts'
import { type StartedApp, startFastify, startRoutes } from '../support/demo-server.ts'
import { type Exchanged, type ExchangeInit, exchanges, readHttp2 } from '../support/exchange.ts'
import { jsonRpc } from '../support/json-rpc/json-rpc.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { untilAborted } from '../support/until-aborted.ts'

const SAY_HELLO = 'greeter.v1.GreeterService.SayHello'
const HEADERS = { 'content-type': 'application/json-rpc' }

const greeter: Partial<ServiceImpl<typeof GreeterService>> = {
  sayHello: ({ name }) => ({ message: `Hello ${name}` }),
  async *getStream({ topic }) {
    yield { topic, data: '1' }
    yield { topic, data: '2' }
    if (topic === 'broken') throw new ConnectError('the stream broke', Code.Aborted)
  },
  async putStream(messages) {
    let accepted = 0n
    for await (const _message of messages) accepted += 1n
    return { accepted }
  },
}

function start(
  implementation: Partial<ServiceImpl<typeof GreeterService>> = greeter,
  options: Partial<AppOptions> = {},
): Promise<StartedApp> {
  const routes = (router: ConnectRouter) => router.service(GreeterService, implementation)
  return startRoutes({ lane: 'native', routes, protocols: [jsonRpc], ...options })
}

function request(method: string, params: unknown, headers: Readonly<Record<string, string>> = {}): ExchangeInit {
  const body = JSON.stringify({ jsonrpc: '2.0', method, params, id: 7 })
  return { path: `/json-rpc/${method}`, headers: { ...HEADERS, ...headers }, body }
}

function sayHello(headers: Readonly<Record<string, string>> = {}): ExchangeInit {
  return request(SAY_HELLO, { name: 'Ada' }, headers)
}

function linesOf({ body }: Exchanged): unknown[] {
  const lines = body.toString().trim().split('\n')
  return lines.map((line) => JSON.parse(line))
}

function failure(code: number, message: unknown, id: number | null = 7): object {
  return { jsonrpc: '2.0', error: { code, message }, id }
}

describe.each(exchanges)('over %s', (version, exchange) => {
  const call = async (app: StartedApp, init: ExchangeInit) => {
    const answer = await exchange(app.origin, init)
    return { ...answer, type: answer.headers['content-type'], lines: linesOf(answer) }
  }

  test('a unary call is answered under its id', async () => {
    expect(await call(await start(), sayHello())).toMatchObject({
      status: 200,
      type: 'application/json-rpc',
      lines: [{ jsonrpc: '2.0', result: { message: 'Hello Ada' }, id: 7 }],
    })
  })

  test('a server stream is answered line by line, and ends in an error if it fails', async () => {
    const app = await start()
    const [one, two, ...rest] = (await call(app, request('greeter.v1.GreeterService.GetStream', { topic: 't' }))).lines
    expect([one, two, rest]).toMatchObject([{ result: { data: '1' } }, { result: { data: '2' }, id: 7 }, []])
    const broken = await call(app, request('greeter.v1.GreeterService.GetStream', { topic: 'broken' }))
    expect(broken.lines.at(-1)).toEqual(failure(-32_000 - Code.Aborted, 'the stream broke'))
  })

  test('one body contains all messages of a client stream', async () => {
    const params = [{ topic: 't', data: 'a' }, { topic: 't', data: 'b' }, {}]
    const { lines } = await call(await start(), request('greeter.v1.GreeterService.PutStream', params))
    expect(lines).toMatchObject([{ result: { accepted: '3' } }])
  })

  test.each([
    ['an unknown method', { ...request('greeter.v1.GreeterService.None', {}) }, 404, -32_601, null],
    ['an unknown service', { ...request('no.Such.Service', {}) }, 404, -32_601, null],
    ['a method that it does not carry', { ...request('greeter.v1.GreeterService.AllStream', {}) }, 404, -32_601, null],
    ['another verb', { ...sayHello(), method: 'PUT' }, 405, -32_601, null],
    ['another content type', { ...sayHello({ 'content-type': 'text/plain' }) }, 415, -32_602, null],
    ['a body that is not JSON', { ...sayHello(), body: '{"jsonrpc":' }, 400, -32_700, null],
    ['a request that is not an object', { ...sayHello(), body: '7' }, 400, -32_602, null],
    ['another version', { ...sayHello(), body: '{"jsonrpc":"1.0","id":7}' }, 400, -32_602, 7],
    ['parameters of another type', { ...request(SAY_HELLO, { name: [] }) }, 400, -32_602, 7],
    ['a deadline that cannot be read', { ...sayHello({ 'x-timeout-ms': 'soon' }) }, 400, -32_602, null],
    ['metadata that cannot be decoded', { ...sayHello({ 'x-trace-bin': '?' }) }, 400, -32_602, null],
  ] as const)('%s is rejected in its own format', async (_what, init, status, code, id) => {
    expect(await call(await start(), init)).toMatchObject({
      status,
      type: 'application/json-rpc',
      lines: [failure(code, expect.any(String), id)],
    })
  })

  test('rejects too many fields in its own format', async () => {
    const fields = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`x-${n}`, 'y']))
    const app = await start(greeter, { listen: { maxHeaderFields: 20 } })
    const { status, lines } = await call(app, sayHello(fields))
    expect([status, lines]).toEqual([431, [failure(-32_000 - Code.ResourceExhausted, expect.any(String), null)]])
  })

  test('observers see by which of its routes a method was called', async () => {
    const seen: unknown[] = []
    const twice: ServerProtocol = {
      ...jsonRpc,
      createRoutes(methods) {
        const all = methods.flatMap((method) =>
          ['/json-rpc/old/', '/json-rpc/new/'].map((url) => ({
            url: url + method.method.name,
            verbs: ['POST'],
            method,
          })),
        )
        return { all, find: ({ path }) => all.find(({ url }) => url === path) }
      },
    }
    const observer: CallObserver = {
      onStart({ route }) {
        seen.push(route)
        return null
      },
    }
    const app = await start(greeter, { protocols: [twice], observers: [observer] })
    const paths = ['/json-rpc/old/SayHello', '/json-rpc/new/SayHello', '/json-rpc/old/SayHello']
    for (const path of paths) expect(await call(app, { ...sayHello(), path })).toMatchObject({ status: 200 })
    expect(seen).toEqual(paths)
  })

  test('a message above the limit is RESOURCE_EXHAUSTED', async () => {
    const { status, lines } = await call(await start(greeter, { readMaxBytes: 50 }), sayHello())
    expect([status, lines]).toEqual([429, [failure(-32_000 - Code.ResourceExhausted, expect.any(String), null)]])
  })

  test('only a ConnectError of a handler reaches the caller', async () => {
    const app = await start({
      sayHello: () => {
        throw new Error('secret')
      },
    })
    const { lines } = await call(app, sayHello())
    expect(lines).toEqual([failure(-32_603, expect.stringMatching(/^internal error [0-9a-f-]+$/))])
  })

  test('a deadline ends the call, and aborts its signal', async () => {
    let reason: unknown
    const app = await start({
      async sayHello(_request, { signal }) {
        await untilAborted(signal).catch((thrown) => {
          reason = thrown
        })
        return {}
      },
    })
    const { status, lines } = await call(app, sayHello({ 'x-timeout-ms': '30' }))
    expect([status, lines]).toEqual([504, [failure(-32_000 - Code.DeadlineExceeded, 'the operation timed out')]])
    expect(reason).toMatchObject({ code: Code.DeadlineExceeded })
  })

  test('gates of the plugin and of the service see it, by its name', async () => {
    const seen: string[] = []
    const gate = (name: string) => (context: HandlerContext) => {
      seen.push(`${name} ${context.protocolName} ${context.method.name}`)
      if (context.requestHeader.get('authorization') === null) {
        throw new ConnectError('no token', Code.Unauthenticated)
      }
    }
    const app = await start(greeter, {
      requestGate: gate('plugin'),
      routes: (router) => router.service(GreeterService, greeter, { requestGate: gate('service') }),
    })
    const refused = await call(app, sayHello())
    expect([refused.status, refused.lines]).toEqual([401, [failure(-32_000 - Code.Unauthenticated, 'no token', null)]])
    expect((await call(app, sayHello({ authorization: 'x' }))).status).toBe(200)
    expect(seen).toEqual(['plugin json-rpc SayHello', 'plugin json-rpc SayHello', 'service json-rpc SayHello'])
  })

  test('interceptors wrap it, and response metadata is sent', async () => {
    const shout: Interceptor = (next) => async (call) => {
      const answer = await next(call)
      answer.header.set('x-seen', call.header.get('x-asked') ?? '')
      return answer
    }
    const { headers, lines } = await call(await start(greeter, { interceptors: [shout] }), sayHello({ 'x-asked': 'a' }))
    expect(headers['x-seen']).toBe('a')
    expect(lines).toMatchObject([{ result: { message: 'Hello Ada' } }])
  })

  test.each([undefined, '/api'])('Fastify hooks guard it like all calls, below the prefix %s', async (prefix) => {
    const app = fastify({ ...onePort({ drainTimeoutMs: 0 }) })
    const seen: string[] = []
    app.addHook('onRequest', async ({ headers, url }) => {
      seen.push(url)
      if (headers.authorization === undefined) throw new ConnectError('no token', Code.Unauthenticated)
    })
    await app.register(portico, {
      routes: (router) => router.service(GreeterService, greeter),
      protocols: [jsonRpc],
      ...(prefix === undefined ? {} : { prefix }),
    })
    const { origin } = await startFastify(app)
    const path = `${prefix ?? ''}/json-rpc/${SAY_HELLO}`
    const refused = await exchange(origin, { ...sayHello(), path })
    expect([refused.status, linesOf(refused)]).toEqual([
      401,
      [failure(-32_000 - Code.Unauthenticated, 'no token', null)],
    ])
    const answer = await exchange(origin, { ...sayHello({ authorization: 'x' }), path })
    expect(linesOf(answer)).toMatchObject([{ result: { message: 'Hello Ada' }, id: 7 }])
    expect(seen).toEqual([path, path])
  })

  test('a service can disable it', async () => {
    const off = { jsonRpc: false } as object
    const app = await start(greeter, { routes: (router) => router.service(GreeterService, greeter, off) })
    expect(await call(app, sayHello())).toMatchObject({
      status: 404,
      lines: [failure(-32_601, expect.any(String), null)],
    })
  })

  test('the standard protocols work as before', async () => {
    const app = await start()
    const httpVersion = version === 'HTTP/2' ? '2' : '1.1'
    const transports = [
      createConnectTransport({ baseUrl: app.origin, httpVersion }),
      ...(httpVersion === '2' ? [createGrpcTransport({ baseUrl: app.origin })] : []),
    ]
    for (const transport of transports) {
      const answer = await createClient(GreeterService, transport).sayHello({ name: 'Ada' })
      expect(answer.message).toBe('Hello Ada')
    }
    expect((await exchange(app.origin, { path: '/json-rpc', method: 'GET' })).status).toBe(404)
  })
})

describe('a body that stops', () => {
  const STALL = { listen: { stallTimeoutMs: 40 } }
  const half = sayHello().body?.slice(0, 20) ?? ''

  test.each(['half of it came', 'none of it came'])('over HTTP/1.1 is rejected in its own format: %s', async (what) => {
    const { port } = await start(greeter, STALL)
    const raw = await RawSocket.open({ port })
    const head = `POST /json-rpc/${SAY_HELLO} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json-rpc\r\n`
    raw.write(`${head}content-length: 100\r\n\r\n${what.startsWith('half') ? half : ''}`)
    await raw.closed
    expect(raw.text).toMatch(/^HTTP\/1\.1 408 /)
    expect(raw.text).toContain(
      JSON.stringify(failure(-32_000 - Code.DeadlineExceeded, 'the request body stopped arriving', null)),
    )
  })

  test('over HTTP/2 ends with its stream', async () => {
    const { origin } = await start(greeter, STALL)
    const session = connect(origin)
    onTestFinished(() => session.destroy())
    const stream = session.request({ ':method': 'POST', ':path': `/json-rpc/${SAY_HELLO}`, ...HEADERS })
    stream.write(half)
    await expect(readHttp2(stream)).rejects.toThrow('code 8')
  })
})
