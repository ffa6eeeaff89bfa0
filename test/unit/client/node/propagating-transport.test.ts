import type { CallOptions, Transport } from '@connectrpc/connect'
import { Code, ConnectError, createClient, createContextValues, createRouterTransport } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { detached, propagating } from '../../../../client/node/propagating-transport.ts'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import type { CallTrace } from '../../../../wire/call-observer.ts'
import { type CallScope, type Inheritance, runInCallScope } from '../../../../wire/call-scope.ts'

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const TRUSTING: Inheritance = { deadline: true, traceparent: true, baggage: true, metadataPrefixes: [] }

interface Seen {
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number | undefined
  readonly header: Record<string, string>
}

interface Init {
  readonly scope?: Partial<CallScope>
  readonly options?: CallOptions
  readonly defaultTimeoutMs?: number
}

/** What the wrapped transport receives. */
async function seenBelow({ scope, options, defaultTimeoutMs }: Init): Promise<Seen> {
  const seen: Seen[] = []
  const inner = createRouterTransport((router) => {
    router.service(GreeterService, { sayHello: () => ({}) })
  })
  const spy: Transport = {
    stream: inner.stream,
    unary(method, signal, timeoutMs, header, ...rest) {
      seen.push({ signal, timeoutMs, header: Object.fromEntries(new Headers(header)) })
      return inner.unary(method, signal, timeoutMs, header, ...rest)
    },
  }
  const client = createClient(GreeterService, propagating(spy, defaultTimeoutMs))
  const call = () => client.sayHello({}, options).catch(() => {})
  await (scope === undefined ? call() : runInCallScope(scopeOf(scope), call))
  const [only, ...others] = seen
  if (only === undefined || others.length > 0) throw new Error('not called once')
  return only
}

function scopeOf(init: Partial<CallScope>): CallScope {
  return {
    isHandled: false,
    signal: new AbortController().signal,
    requestHeader: new Headers(),
    timeoutMs: () => undefined,
    inheritance: TRUSTING,
    ...init,
  }
}

describe('the deadline', () => {
  test.each([
    { what: 'the handler has none', left: undefined, own: 500, seen: 500 },
    { what: 'neither has one', left: undefined, own: undefined, seen: undefined },
    { what: 'the call sets none', left: 900.7, own: undefined, seen: 900 },
    { what: 'the call sets a longer one', left: 900.7, own: 1000, seen: 900 },
    { what: 'the call sets a shorter one', left: 900.7, own: 100, seen: 100 },
    { what: 'the call wants none at all', left: 900.7, own: 0, seen: 900 },
  ])('DL-2 is the earlier one if $what', async ({ left, own, seen }) => {
    const options = own === undefined ? {} : { timeoutMs: own }
    expect((await seenBelow({ scope: { timeoutMs: () => left }, options })).timeoutMs).toBe(seen)
  })

  test('DL-2 of the transport applies if the call sets none', async () => {
    const scope = { timeoutMs: () => 900 }
    expect((await seenBelow({ scope, defaultTimeoutMs: 300 })).timeoutMs).toBe(300)
    expect((await seenBelow({ scope, defaultTimeoutMs: 3000 })).timeoutMs).toBe(900)
  })

  test.each([null, '5'])('%s is left for the transport to reject', async (own) => {
    const options = { timeoutMs: own as never }
    expect((await seenBelow({ scope: { timeoutMs: () => 900 }, options })).timeoutMs).toBe(own)
  })

  test('that has nearly passed ends the call at once', async () => {
    const { signal } = await seenBelow({ scope: { timeoutMs: () => 0.9 } })
    expect(signal?.reason).toMatchObject({ code: Code.DeadlineExceeded })
  })
})

describe('the signal', () => {
  test('is that of the handler, if the call has none', async () => {
    const { signal } = new AbortController()
    expect((await seenBelow({ scope: { signal } })).signal).toBe(signal)
  })

  test.each(['own', 'parent'] as const)('follows both: %s', async (which) => {
    const own = new AbortController()
    const parent = new AbortController()
    const { signal } = await seenBelow({ scope: { signal: parent.signal }, options: { signal: own.signal } })
    const reason = new ConnectError('enough', Code.Canceled)
    expect(signal?.aborted).toBe(false)
    ;({ own, parent })[which].abort(reason)
    expect(signal?.reason).toBe(reason)
  })
})

describe('the trace', () => {
  const requestHeader = new Headers({ traceparent: TRACE, tracestate: 'a=1', baggage: 'tenant=x', cookie: 'secret' })
  const nearer = TRACE.replace('b7', 'd9')
  const trace: CallTrace = {
    ids: { traceId: 't', spanId: 's' },
    isSampled: true,
    fields: [{ name: 'traceparent', value: nearer }],
    runInContext: (run) => run(),
  }

  test('is that of the span of the handler, if it has one', async () => {
    const { header } = await seenBelow({ scope: { requestHeader, trace } })
    expect(header).toEqual({ traceparent: nearer, baggage: 'tenant=x' })
  })

  test('of the call itself is kept, whatever the span of the handler', async () => {
    const own = { traceparent: TRACE.replace('b7', 'c8') }
    const { header } = await seenBelow({ scope: { requestHeader, trace }, options: { headers: own } })
    expect(header).toEqual({ ...own, baggage: 'tenant=x' })
  })

  test('is propagated, and no other header is', async () => {
    const { header } = await seenBelow({ scope: { requestHeader }, options: { headers: { own: 'field' } } })
    expect(header).toEqual({ traceparent: TRACE, tracestate: 'a=1', baggage: 'tenant=x', own: 'field' })
  })

  test('and baggage of a caller that is not trusted are not propagated', async () => {
    const inheritance = { ...TRUSTING, traceparent: false, baggage: false }
    expect((await seenBelow({ scope: { requestHeader, inheritance } })).header).toEqual({})
  })

  test('of the call takes precedence', async () => {
    const own = { traceparent: TRACE.replace('b7', 'c8'), baggage: '' }
    const { header } = await seenBelow({ scope: { requestHeader }, options: { headers: own } })
    expect(header).toEqual(own)
  })
})

describe('other metadata', () => {
  const requestHeader = new Headers({
    'x-md-global-tenant': 'a',
    'x-md-global-id-bin': 'AQI',
    'x-md-local-hop': 'b',
    'x-other': 'c',
    'user-agent': 'd',
  })
  requestHeader.append('x-md-global-tenant', 'b')

  test.each([
    ['none by default', [], {}],
    ['what begins as named', ['x-md-global-'], { 'x-md-global-tenant': 'a, b', 'x-md-global-id-bin': 'AQI' }],
    ['a whole name', ['x-other'], { 'x-other': 'c' }],
    ['never what is local', ['x-md-l', 'x-md-local-hop'], {}],
    ['never what HTTP owns', ['user-a'], {}],
  ])('is propagated: %s', async (_what, metadataPrefixes, expected) => {
    const scope = { requestHeader, inheritance: { ...TRUSTING, metadataPrefixes } }
    expect((await seenBelow({ scope })).header).toEqual(expected)
  })

  test('of the call takes precedence', async () => {
    const scope = { requestHeader, inheritance: { ...TRUSTING, metadataPrefixes: ['x-md-global-'] } }
    const { header } = await seenBelow({ scope, options: { headers: { 'X-Md-Global-Tenant': 'own' } } })
    expect(header).toMatchObject({ 'x-md-global-tenant': 'own' })
  })
})

test('a caller whose deadline is not trusted neither limits nor cancels', async () => {
  const inheritance = { ...TRUSTING, deadline: false }
  const scope = { timeoutMs: () => 10, signal: AbortSignal.abort(), inheritance }
  expect(await seenBelow({ scope })).toEqual({ signal: undefined, timeoutMs: undefined, header: {} })
  const { timeoutMs } = await seenBelow({ scope, options: { timeoutMs: 500 } })
  expect(timeoutMs).toBe(500)
})

test.each<{ what: string; init: Init }>([
  { what: 'outside of handlers', init: {} },
  { what: 'when the handler has come back', init: { scope: { isHandled: true } } },
  {
    what: 'when the call is detached',
    init: { scope: {}, options: { contextValues: createContextValues().set(detached, true) } },
  },
])('nothing is inherited $what', async ({ init }) => {
  const scope = init.scope && {
    timeoutMs: () => 10,
    signal: AbortSignal.abort(),
    requestHeader: new Headers({ traceparent: TRACE }),
    ...init.scope,
  }
  const seen = await seenBelow({ ...init, ...(scope && { scope }) })
  expect(seen).toEqual({ signal: undefined, timeoutMs: undefined, header: {} })
})
