/** Deadlines apply to the call: equally in every protocol and method kind, with and without interceptors. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Code, createContextValues, type Interceptor, type ServiceImpl } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { waitForReady } from '../../client/node/rpc/wait-for-ready.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { CLIENT_WAYS, type ClientWay } from '../support/client-ways.ts'
import { collect } from '../support/collect.ts'
import { startRoutes } from '../support/demo-server.ts'
import { startHttpServer } from '../support/http-server.ts'
import { type OpenGreeter, openGreeter } from '../support/open-greeter.ts'

const passThrough: Interceptor = (next) => (request) => next(request)

const WAYS = CLIENT_WAYS.flatMap((way) => [
  { ...way, what: 'without interceptors', interceptors: [] },
  { ...way, what: 'with an interceptor', interceptors: [passThrough] },
])

type Call = (client: OpenGreeter['client'], options: { timeoutMs?: number }) => Promise<unknown>

const CALLS: readonly [string, Call][] = [
  ['one message', (client, options) => client.sayHello({ name: 'World' }, options)],
  ['many messages', (client, options) => collect(client.getStream({ limit: 2 }, options))],
]

/** Long enough for a timer that overflows to fire. */
const WORK_MS = 30

const greeter: Partial<ServiceImpl<typeof GreeterService>> = {
  async sayHello({ name }) {
    await sleep(WORK_MS)
    return { message: name }
  },
  async *getStream({ limit }) {
    await sleep(WORK_MS)
    for (let i = 0; i < limit; i++) yield { sequence: BigInt(i) }
  },
}

async function start(options: Partial<TransportOptions>) {
  const server = await startRoutes({ routes: (router) => router.service(GreeterService, greeter) })
  return openGreeter({ baseUrl: server.origin, ...options })
}

/** A server that receives requests and never responds. */
function startMute(httpVersion: ClientWay['httpVersion']) {
  return startHttpServer({ httpVersion, answer: () => true })
}

describe.each(WAYS)('$protocol over HTTP/$httpVersion, $what', ({ protocol, httpVersion, interceptors }) => {
  const way = { protocol, httpVersion, interceptors }

  test.each(CALLS)('a long timeout does not end a call early: %s', async (_mode, call) => {
    const { client } = await start(way)
    const timeouts = [
      20_000,
      2_147_483_648,
      2_592_000_000,
      9_999_999_999,
      1e13,
      Number.MAX_VALUE,
      Number.POSITIVE_INFINITY,
    ]
    const answers = await Promise.all(timeouts.map((timeoutMs) => call(client, { timeoutMs })))
    expect(answers).toHaveLength(timeouts.length)
  })

  test.each(CALLS)('a timeout of 0 or less disables it, also the default: %s', async (_mode, call) => {
    const { client } = await start({ ...way, defaultTimeoutMs: 1 })
    for (const timeoutMs of [0, -1, Number.NEGATIVE_INFINITY]) await call(client, { timeoutMs })
  })

  test.each(CALLS)('rejects a timeout that is not a number, and sends nothing: %s', async (_mode, call) => {
    const server = await startMute(httpVersion)
    const { client } = openGreeter({ baseUrl: server.origin, ...way })
    const refused = {
      code: Code.InvalidArgument,
      rawMessage: expect.stringMatching(/^timeoutMs is .*, and must be a number$/),
    }
    for (const timeoutMs of [Number.NaN, '500', '', null, {}, true, 500n, Symbol('x')]) {
      await expect(call(client, { timeoutMs: timeoutMs as number })).rejects.toMatchObject(refused)
    }
    expect(server.heads).toEqual([])
  })

  test.each(CALLS)('a deadline that passes at a silent server says so: %s', async (_mode, call) => {
    const server = await startMute(httpVersion)
    const { client } = openGreeter({ baseUrl: server.origin, ...way })
    await expect(call(client, { timeoutMs: 60.5 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
      rawMessage: expect.stringMatching(/^the deadline of 60.5 ms passed/),
    })
  })

  test.each(CALLS)('CB-4 a deadline that passes before there is a connection says why: %s', async (_mode, call) => {
    const { client } = openGreeter({ baseUrl: 'http://127.0.0.1:1', ...way })
    const contextValues = createContextValues().set(waitForReady, true)
    const failed = call(client, { timeoutMs: 100, contextValues } as never)
    await expect(failed).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
      rawMessage: expect.stringMatching(
        /^the deadline of 100 ms passed before there was a connection: cannot connect to /,
      ),
    })
  })

  test('the default timeout and the service config apply', async () => {
    const server = await startMute(httpVersion)
    const methodConfig = [{ name: [{}], timeout: '0.050s' }]
    for (const options of [{ defaultTimeoutMs: 50 }, { serviceConfig: { methodConfig } }]) {
      const { client } = openGreeter({ baseUrl: server.origin, ...way, ...options })
      await expect(client.sayHello({})).rejects.toMatchObject({
        code: Code.DeadlineExceeded,
        rawMessage: expect.stringMatching(/^the deadline of 50 ms passed/),
      })
    }
  })
})
