/** The outcome of calls that are still open when a drain times out, even if handlers ignore their signals. */
import { connect } from 'node:http2'
import type { ServiceImpl } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { endOf, sayHello, UNARY_PROTOCOLS } from '../support/calls.ts'
import { testLane } from '../support/demo-server.ts'
import { exchangeOn, readHttp2 } from '../support/exchange.ts'
import { CALLS_BY_FRONT, type RoutedAppOptions, startRoutedApp } from '../support/routed-app.ts'

const DRAIN_TIMEOUT_MS = 50
const UNAVAILABLE = {
  code: expect.stringMatching(/^(unavailable|grpc-status 14)$/),
  message: 'the server is shutting down',
}
const never = new Promise<never>(() => {})

type Way = Pick<RoutedAppOptions, 'before'>

const isNative = testLane === 'native'
const routed: Way = { before: (app) => app.addHook('onRequest', async () => {}) }

/** The ways of a call to its handler. */
const WAYS: readonly (readonly [name: string, way: Way])[] = [
  ['direct', {}],
  ...(isNative ? [['routed', routed] as const] : []),
]

/** Connect's plugin has no text mode of gRPC-Web. */
const CALLS = CALLS_BY_FRONT.filter(([, { protocol }]) => isNative || protocol !== 'grpc-web-text')
const STREAMS = CALLS.filter(([, { name }]) => name.endsWith('stream'))

/** An app whose handlers ignore their signal; settles when one of them has started. */
async function startDeafApp(way: Way, { first = [] as { data: string }[] } = {}) {
  const begun = Promise.withResolvers<void>()
  const greeter: Partial<ServiceImpl<typeof GreeterService>> = {
    sayHello() {
      begun.resolve()
      return never
    },
    async *getStream() {
      yield* first
      begun.resolve()
      await never
    },
    putStream() {
      begun.resolve()
      return never
    },
  }
  const started = await startRoutedApp({
    ...way,
    greeter,
    options: { lane: testLane },
    port: { drainTimeoutMs: DRAIN_TIMEOUT_MS },
  })
  return { ...started, begun: begun.promise }
}

describe.each(WAYS)('%s', (_, way) => {
  test.each(CALLS)('a call without a response ends with UNAVAILABLE: %s', async (_name, call, front) => {
    const { app, begun, call: exchange } = await startDeafApp(way)
    const answer = exchange(front, call.init)
    await begun
    const closed = app.close()
    const answered = await answer
    expect(endOf(call.protocol, answered)).toEqual(UNAVAILABLE)
    if (call.protocol === 'connect' || call.protocol === 'connect-json') expect(answered.status).toBe(503)
    await closed
  })

  test.each(STREAMS)('a stream that has sent a message ends with UNAVAILABLE: %s', async (_name, call, front) => {
    const { app, begun, call: exchange } = await startDeafApp(way, { first: [{ data: 'first' }] })
    const answer = exchange(front, call.init)
    await begun
    const closed = app.close()
    const answered = await answer
    expect(answered.status).toBe(200)
    expect(endOf(call.protocol, answered)).toEqual(UNAVAILABLE)
    await closed
  })

  test('closeAllConnections ends calls with UNAVAILABLE, too', async () => {
    const { app, port, begun } = await startDeafApp(way)
    const session = connect(`http://127.0.0.1:${port}`).on('error', () => {})
    onTestFinished(() => session.destroy())
    const answer = exchangeOn(session, sayHello('grpc'))
    await begun
    const { server } = app as { server: { closeAllConnections?(): void } }
    server.closeAllConnections?.()
    expect(endOf('grpc', await answer)).toEqual(UNAVAILABLE)
  })
})

test.each(isNative ? UNARY_PROTOCOLS : [])(
  'a call whose body is still arriving ends with UNAVAILABLE: %s',
  async (protocol) => {
    const { app, port } = await startDeafApp({})
    const session = connect(`http://127.0.0.1:${port}`).on('error', () => {})
    onTestFinished(() => session.destroy())
    const { path, headers, body = '' } = sayHello(protocol)
    const stream = session.request({ ':method': 'POST', ':path': path, ...headers })
    const answer = readHttp2(stream)
    stream.write(body.slice(0, -1))
    // A response on the same connection shows that the earlier request was processed.
    await exchangeOn(session, { method: 'GET', path: '/nothing' })
    const closed = app.close()
    expect(endOf(protocol, await answer)).toEqual(UNAVAILABLE)
    await closed
  },
)
