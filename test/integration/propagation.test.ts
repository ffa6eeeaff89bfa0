/** Calls that handlers make: through A and B to C, each a separate server. */
import { type Client, Code, type ConnectRouter, createContextValues, type HandlerContext } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { detached } from '../../client/node/propagating-transport.ts'
import type { Protocol, TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { Peer } from '../../server/rpc/context-keys.ts'
import { LANES, type Lane } from '../../server/rpc/lane.ts'
import type { PropagationOptions } from '../../server/rpc/propagation.ts'
import { collect } from '../support/collect.ts'
import { startRoutes } from '../support/demo-server.ts'
import { openGreeter } from '../support/open-greeter.ts'

type Greeter = Client<typeof GreeterService>
type Routes = (router: ConnectRouter) => void

const TRACE = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'a=1',
  baggage: 'b=2',
}
const DETACHED = { contextValues: createContextValues().set(detached, true) }

/** Passes every call on, in its own mode. */
function relay(next: Greeter): Routes {
  return (router) =>
    router.service(GreeterService, {
      sayHello: (request) => next.sayHello(request),
      getStream: (request) => next.getStream(request),
      putStream: (messages) => next.putStream(messages),
      async *allStream(messages) {
        yield* next.allStream(messages)
      },
    })
}

/** How C handles each call: an error that it throws is the response. */
type Look = (context: HandlerContext) => Promise<void>

function lastStop(look: Look): Routes {
  return (router) =>
    router.service(GreeterService, {
      async sayHello(_request, context) {
        await look(context)
        return {}
      },
      async *getStream(_request, context) {
        await look(context)
        yield {}
      },
      async putStream(messages, context) {
        await look(context)
        return { accepted: BigInt((await collect(messages)).length) }
      },
      async *allStream(messages, context) {
        await look(context)
        for await (const { topic } of messages) yield { topic }
      },
    })
}

const MODES: readonly { mode: string; call(client: Greeter, options: object): Promise<unknown> }[] = [
  { mode: 'unary', call: (client, options) => client.sayHello({}, options) },
  { mode: 'server streaming', call: (client, options) => collect(client.getStream({}, options)) },
  { mode: 'client streaming', call: (client, options) => client.putStream(twoMessages(), options) },
  { mode: 'bidi streaming', call: (client, options) => collect(client.allStream(twoMessages(), options)) },
]

async function* twoMessages() {
  yield { topic: 'one' }
  yield { topic: 'two' }
}

function connectTo(baseUrl: string, options: Partial<TransportOptions> = {}): Greeter {
  return openGreeter({ ...options, baseUrl }).client
}

async function startChain(
  lane: Lane,
  look: Look,
  options: Partial<TransportOptions> = {},
  propagation: PropagationOptions = {},
): Promise<Greeter> {
  const c = await startRoutes({ lane, propagation, routes: lastStop(look) })
  const b = await startRoutes({ lane, propagation, routes: relay(connectTo(c.origin, options)) })
  const a = await startRoutes({ lane, propagation, routes: relay(connectTo(b.origin, options)) })
  return connectTo(a.origin, { ...options, propagation: false })
}

const ROWS = LANES.flatMap((lane) =>
  (['grpc', 'grpc-web', 'connect'] as const satisfies Protocol[]).flatMap((protocol) =>
    MODES.map(({ mode, call }) => ({ lane, protocol, mode, call })),
  ),
)

describe.each(ROWS)('$lane lane, $protocol, $mode', ({ lane, protocol, call }) => {
  test('DL-2 C receives the trace, and no more time than the caller gave', async () => {
    const seen: { timeoutMs: number | undefined; trace: object }[] = []
    const client = await startChain(
      lane,
      async ({ timeoutMs, requestHeader }) => {
        const trace = Object.fromEntries(Object.keys(TRACE).map((name) => [name, requestHeader.get(name)]))
        seen.push({ timeoutMs: timeoutMs(), trace })
      },
      { protocol },
    )
    await call(client, { timeoutMs: 60_000, headers: TRACE })
    expect(seen).toEqual([{ timeoutMs: expect.any(Number), trace: { ...TRACE, baggage: null } }])
    expect(seen[0]?.timeoutMs).toBeLessThanOrEqual(60_000)
  })

  test('IC-5 x-md-global passes three servers, x-md-local one, and baggage only those that trust their callers', async () => {
    const seen: Record<string, string | null>[] = []
    const names = ['x-md-global-tenant', 'x-md-local-hop', 'baggage', 'x-other']
    const look = async ({ requestHeader }: HandlerContext) => {
      seen.push(Object.fromEntries(names.map((name) => [name, requestHeader.get(name)])))
    }
    const trusting = { metadata: ['x-md-global-'], baggage: ({ address }: Peer) => address === '127.0.0.1' }
    const client = await startChain(lane, look, { protocol }, trusting)
    const headers = { 'x-md-global-tenant': 'a', 'x-md-local-hop': 'b', baggage: 'c=1', 'x-other': 'd' }
    await call(client, { headers })
    expect(seen).toEqual([{ 'x-md-global-tenant': 'a', 'x-md-local-hop': null, baggage: 'c=1', 'x-other': null }])
  })

  test('a caller whose deadline is not trusted does not limit the calls of handlers', async () => {
    const seen: (number | undefined)[] = []
    const look = async ({ timeoutMs }: HandlerContext) => void seen.push(timeoutMs())
    const client = await startChain(lane, look, { protocol }, { deadline: false })
    await call(client, { timeoutMs: 60_000 })
    expect(seen).toEqual([undefined])
  })

  test('DL-3 a call cancelled at A is cancelled at C', async () => {
    const reached = Promise.withResolvers<void>()
    const aborted = Promise.withResolvers<unknown>()
    const caller = new AbortController()
    const client = await startChain(
      lane,
      async ({ signal }) => {
        signal.addEventListener('abort', () => aborted.resolve(signal.reason))
        reached.resolve()
        await aborted.promise
      },
      { protocol },
    )
    const outcome = call(client, { signal: caller.signal }).catch((error) => error)
    await reached.promise
    caller.abort()
    expect(await outcome).toMatchObject({ code: Code.Canceled })
    expect(await aborted.promise).toMatchObject({ code: Code.Canceled })
  })
})

describe.each(LANES)('%s lane', (lane) => {
  /** A handler of A starts a call of C, and responds without waiting for it. */
  async function startCareless(start: (c: Greeter, run: (call: Promise<unknown>) => void) => unknown) {
    const reached = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const outcome = Promise.withResolvers<unknown>()
    const c = await startRoutes({
      lane,
      routes: lastStop(async () => {
        reached.resolve()
        await release.promise
      }),
    })
    const client = connectTo(c.origin)
    const a = await startRoutes({
      lane,
      routes: (router) =>
        router.service(GreeterService, {
          sayHello() {
            start(client, (call) => outcome.resolve(call.catch((error) => error)))
            return { message: 'answered' }
          },
        }),
    })
    return { a: connectTo(a.origin, { propagation: false }), reached, release, outcome: outcome.promise }
  }

  test('an open call is cancelled when the handler returns', async () => {
    const { a, outcome, release } = await startCareless((c, run) => run(c.sayHello({})))
    expect(await a.sayHello({})).toMatchObject({ message: 'answered' })
    expect(await outcome).toMatchObject({ code: Code.Canceled })
    release.resolve()
  })

  test('a detached call outlives the handler', async () => {
    const { a, outcome, reached, release } = await startCareless((c, run) => run(c.sayHello({}, DETACHED)))
    expect(await a.sayHello({}, { timeoutMs: 60_000 })).toMatchObject({ message: 'answered' })
    await reached.promise
    release.resolve()
    expect(await outcome).toMatchObject({ $typeName: 'greeter.v1.SayHelloResponse' })
  })

  test('calls of work that a handler leaves running inherit nothing', async () => {
    const answered = Promise.withResolvers<void>()
    const { a, outcome, release } = await startCareless((c, run) => {
      answered.promise.then(() => run(c.sayHello({})))
    })
    release.resolve()
    await a.sayHello({})
    answered.resolve()
    expect(await outcome).toMatchObject({ $typeName: 'greeter.v1.SayHelloResponse' })
  })

  test('a transport without propagation passes nothing on', async () => {
    const seen: unknown[] = []
    const client = await startChain(
      lane,
      async ({ timeoutMs, requestHeader }) => {
        seen.push(timeoutMs(), requestHeader.get('traceparent'))
      },
      { propagation: false },
    )
    await client.sayHello({}, { timeoutMs: 60_000, headers: TRACE })
    expect(seen).toEqual([undefined, null])
  })

  test('calls made by the gate and by the handler after it inherit too', async () => {
    const seen: (number | undefined)[] = []
    const c = await startRoutes({ lane, routes: lastStop(async ({ timeoutMs }) => void seen.push(timeoutMs())) })
    const next = connectTo(c.origin)
    const requestGate = async () => void (await next.sayHello({}))
    const a = await startRoutes({ lane, routes: relay(next), requestGate })
    await connectTo(a.origin).sayHello({}, { timeoutMs: 60_000 })
    expect(seen).toEqual([expect.any(Number), expect.any(Number)])
  })
})
