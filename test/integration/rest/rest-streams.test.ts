/** Streams of REST over real sockets, on every front. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { RestOptions } from '../../../server/rpc/protocols/rest/rest-options.ts'
import { sendHeaders } from '../../../server/rpc/send-headers.ts'
import { testCertificates } from '../../support/certificates.ts'
import {
  type Exchange,
  type Exchanged,
  type ExchangeInit,
  exchangeHttp1,
  exchangeHttp2,
} from '../../support/exchange.ts'
import { type LibraryInit, startLibrary } from '../../support/library.ts'
import { type OpenExchange, openExchange } from '../../support/open-exchange.ts'
import { untilAborted } from '../../support/until-aborted.ts'

const WATCH = '/v1/shelves/1:watch'
const IMPORT = '/v1/shelves/7/books:import'
const DISCUSS = '/v1/shelves/1/books/2:discuss'
const NDJSON = 'application/x-ndjson'
const SSE = 'text/event-stream'
const JSON_TYPE = 'application/json'

interface Front {
  readonly isHttp2: boolean
  readonly isTls: boolean
}

const FRONTS: readonly (readonly [name: string, front: Front])[] = [
  ['HTTP/1.1', { isHttp2: false, isTls: false }],
  ['HTTP/2', { isHttp2: true, isTls: false }],
  ['HTTP/1.1 over TLS', { isHttp2: false, isTls: true }],
  ['HTTP/2 over TLS', { isHttp2: true, isTls: true }],
]

interface Client {
  /** Sends a complete request. Rejects if the response breaks. */
  whole(init: ExchangeInit): Promise<Exchanged>
  open(init: Omit<ExchangeInit, 'body'>): OpenExchange
  /** Ends the server, and the calls that are open. */
  drain(): Promise<unknown>
}

async function start({ isHttp2, isTls }: Front, init: LibraryInit = {}): Promise<Client> {
  const { ca, server } = await testCertificates()
  const options = isTls ? { ...init.options, listen: { tls: server } } : init.options
  const app = await startLibrary({ ...init, ...(options === undefined ? {} : { options }) })
  const exchange: Exchange = isHttp2 ? exchangeHttp2 : exchangeHttp1
  const trusted = isTls ? ca : undefined
  return {
    whole: (request) => exchange(app.origin, request, trusted),
    open: (request) => openExchange({ origin: app.origin, isHttp2, ca: trusted }, request),
    drain: () => app.drain(),
  }
}

function watch(query: string, accept: string, headers: Record<string, string> = {}): ExchangeInit & { method: string } {
  return { method: 'GET', path: `${WATCH}?${query}`, headers: { accept, ...headers } }
}

function post(path: string, type: string, body: string): ExchangeInit {
  return { path, headers: { 'content-type': type }, body }
}

/** The JSON of an event of WatchShelf. */
function event(sequence: number): string {
  return `{"sequence":"${sequence}","removed":"book ${sequence}"}`
}

/** The separator of each format, what it writes around a message, and its options. */
const FORMATS: readonly (readonly [
  accept: string,
  separator: string,
  framed: (json: string, index: number) => string,
  rest: RestOptions,
])[] = [
  [NDJSON, '\n', (json) => `${json}\n`, {}],
  [SSE, '\n\n', (json) => `data: ${json}\n\n`, {}],
  [JSON_TYPE, '}', (json, index) => `${index === 0 ? '[' : ','}${json}`, {}],
  [JSON_TYPE, '\n', (json) => `{"result":${json}}\n`, { streams: { defaultFormat: 'envelope' } }],
]

describe.each(FRONTS)('streams over %s', (_front, front) => {
  test.each(FORMATS)(
    'T1 %s, separated by %j: each message arrives when the service yields it',
    async (accept, separator, framed, rest) => {
      const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const client = await start(front, {
        rest,
        implementation: {
          async *watchShelf() {
            for (const [index, gate] of gates.entries()) {
              await gate.promise
              yield { sequence: BigInt(index + 1), event: { case: 'removed', value: `book ${index + 1}` } }
            }
          },
        },
      })
      const call = client.open(watch('', accept))
      call.body.end()
      const parts = call.parts(separator)
      const texts: string[] = []
      for (const [index, gate] of gates.entries()) {
        gate.resolve()
        const { value = '' } = await parts.next()
        texts.push(value)
        expect(value).toBe(framed(event(index + 1), index))
      }
      const { status, headers } = await call.head
      expect([status, headers['content-type'], headers['cache-control'], headers['x-accel-buffering']]).toEqual([
        200,
        accept,
        'no-store',
        'no',
      ])
      const tail = await parts.next()
      expect(tail.value ?? '').toBe(accept === JSON_TYPE && separator === '}' ? ']' : '')
    },
  )

  test('T2 a late error is the last line or event, and breaks an array', async () => {
    const client = await start(front)
    const error = `{"code":${Code.Aborted},"message":"watch failed"}`
    const bodyOf = async (accept: string) => String((await client.whole(watch('count=3&failAfter=2', accept))).body)
    expect(await bodyOf(NDJSON)).toBe(`${event(1)}\n{"error":${error}}\n`)
    expect(await bodyOf(SSE)).toBe(`data: ${event(1)}\n\nevent: error\ndata: ${error}\n\n`)
    await expect(bodyOf(JSON_TYPE)).rejects.toThrow()
  })

  test.each([
    [NDJSON, '{"book":{"title":"a"}}\n{"title":"b"}\r\n\n{"title":"c"}'],
    [JSON_TYPE, '{"title":"a"} {"title":"b"}{"title":\n"c"}'],
    [JSON_TYPE, ' [ {"title":"a"}, {"title":"b"},\n{"title":"c"} ] '],
    ['application/JSON; charset=utf-8', '[{"title":"a"},{"title":"b"},{"title":"c"}]'],
    ['application/jsonl', '{"title":"a"}\n{"title":"b"}\n{"title":"c"}\n'],
  ])('T4 a request stream of %s: %j', async (type, body) => {
    const parents: string[] = []
    const client = await start(front, {
      implementation: {
        async importBooks(requests) {
          const titles: string[] = []
          for await (const { parent, book } of requests) {
            parents.push(parent)
            titles.push(book?.title ?? '')
          }
          return { count: titles.length, titles }
        },
      },
    })
    const answer = await client.whole(post(IMPORT, type, body))
    expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([
      200,
      { count: 3, titles: [body.includes('"book"') ? '' : 'a', 'b', 'c'] },
    ])
    // What the path sets is in the first message only.
    expect(parents).toEqual(['shelves/7', '', ''])
  })

  test.each([NDJSON, SSE])('T5 bidi in %s answers requests that are all there', async (accept) => {
    const client = await start(front)
    const body = '{"text":"a"}\n{"text":"b"}\n'
    const answer = await client.whole({ path: DISCUSS, headers: { 'content-type': NDJSON, accept }, body })
    const parts = String(answer.body).trim().split(/\n+/)
    expect([answer.status, parts.map((part) => JSON.parse(part.replace('data: ', '')))]).toEqual([
      200,
      [
        { text: 'a', number: 1 },
        { text: 'b', number: 2 },
      ],
    ])
  })
})

describe.each(FRONTS.filter(([, { isHttp2 }]) => isHttp2))('streams over %s', (_front, front) => {
  test.each([NDJSON, SSE])('T5 bidi in %s is full duplex', async (accept) => {
    const client = await start(front)
    const call = client.open({ path: DISCUSS, headers: { 'content-type': NDJSON, accept } })
    const parts = call.parts(accept === SSE ? '\n\n' : '\n')
    for (const number of [1, 2, 3]) {
      call.body.write(`{"text":"say ${number}"}\n`)
      const { value } = await parts.next()
      expect(JSON.parse(String(value).replace('data: ', ''))).toEqual({ text: `say ${number}`, number })
    }
    call.body.end()
    expect((await parts.next()).done).toBe(true)
  })
})

describe.each(FRONTS.filter(([, { isTls }]) => !isTls))('streams over %s, in cleartext', (_front, front) => {
  test.each([NDJSON, SSE, JSON_TYPE])('T2 %s: an error before the first message has its own status', async (accept) => {
    const client = await start(front)
    const { status, headers, body } = await client.whole(watch('count=3&failAfter=1', accept))
    expect([status, headers['content-type'], JSON.parse(body.toString())]).toEqual([
      409,
      JSON_TYPE,
      { code: Code.Aborted, message: 'watch failed' },
    ])
  })

  test('T2 the envelope holds an error before the first message, with its own status', async () => {
    const client = await start(front, { rest: { streams: { defaultFormat: 'envelope' } } })
    const { status, body } = await client.whole(watch('count=3&failAfter=1', '*/*'))
    expect([status, body.toString()]).toEqual([409, `{"error":{"code":10,"message":"watch failed"}}\n`])
  })

  test.each([
    ['by Accept', 'status', 'application/json, application/problem+json'],
    ['by option', 'problem', '*/*'],
  ] as const)('T2 problem details have no envelope, %s', async (_how, errors, accept) => {
    const client = await start(front, { rest: { errors, streams: { defaultFormat: 'envelope' } } })
    const { headers, body } = await client.whole(watch('count=3&failAfter=1', accept))
    expect(headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(body.toString())).toMatchObject({ status: 409, detail: 'watch failed', code: 'ABORTED' })
  })

  test('T1 an empty stream', async () => {
    const client = await start(front)
    const bodies = [NDJSON, SSE, JSON_TYPE].map(async (accept) => String((await client.whole(watch('', accept))).body))
    expect(await Promise.all(bodies)).toEqual(['', '', '[]'])
  })

  test('T3 a unary call is JSON even for a client that asks for events', async () => {
    const client = await start(front)
    const { headers } = await client.whole({ method: 'GET', path: '/v1/shelves/1', headers: { accept: SSE } })
    expect(headers['content-type']).toBe(JSON_TYPE)
  })

  test('T3 a silent event stream opens, has comments, and ends when the client leaves', async () => {
    const ended = Promise.withResolvers<unknown>()
    const client = await start(front, {
      rest: { streams: { heartbeatMs: 100 } },
      implementation: { watchShelf: (_request, context) => silent(context, ended.resolve) },
    })
    const call = client.open(watch('', SSE))
    call.body.end()
    const parts = call.parts('\n\n')
    for (let beat = 0; beat < 3; beat++) expect((await parts.next()).value).toBe(':\n\n')
    expect((await call.head).status).toBe(200)
    call.cut()
    expect(await ended.promise).toBeInstanceOf(ConnectError)
  })

  test.each([NDJSON, SSE, JSON_TYPE])(
    '%s: the service can open the response before its first message',
    async (accept) => {
      const ended = Promise.withResolvers<unknown>()
      const client = await start(front, {
        rest: { streams: { heartbeatMs: 0 } },
        implementation: {
          watchShelf(_request, context) {
            context.responseHeader.set('x-region', 'north')
            expect(sendHeaders(context)).toBe(true)
            return silent(context, ended.resolve)
          },
        },
      })
      const call = client.open(watch('', accept))
      call.body.end()
      const { status, headers } = await call.head
      expect([status, headers['content-type'], headers['x-region']]).toEqual([200, accept, 'north'])
      call.cut()
      await ended.promise
    },
  )

  test.each(['', ' \n', '[]'])('T4 the body %j is a stream without messages', async (body) => {
    const client = await start(front)
    const { status, body: answer } = await client.whole(post(IMPORT, JSON_TYPE, body))
    expect([status, answer.toString()]).toEqual([200, '{}'])
  })

  test.each([
    ['{"title":"a"}\n{"title":', 400, Code.InvalidArgument, 'message 2: the body ends within the message'],
    ['{"title":"a"}\n{"title":[]}\n', 400, Code.InvalidArgument, /^message 2: /],
    [`{}\n${'['.repeat(10_000)}`, 400, Code.InvalidArgument, /^message 2: /],
    [`{}\n${'['.repeat(10_000)}${']'.repeat(10_000)}`, 400, Code.InvalidArgument, /^message 2: .*nested deeper than/],
    [
      `{}\n{"title":"${'x'.repeat(70_000)}"}`,
      429,
      Code.ResourceExhausted,
      /^message 2: message of 65537 bytes exceeds/,
    ],
  ])('T4 a fault in a request stream names the message', async (body, status, code, message) => {
    const client = await start(front, { options: { readMaxBytes: 65_536 } })
    const answer = await client.whole(post(IMPORT, NDJSON, body))
    const error = JSON.parse(answer.body.toString())
    expect([answer.status, error.code]).toEqual([status, code])
    expect(error.message).toMatch(message)
  })

  test('T2 a stream that a drain cuts off ends with an error', async () => {
    const client = await start(front, {
      implementation: {
        async *watchShelf(_request, { signal }) {
          yield { sequence: 1n }
          await untilAborted(signal)
        },
      },
    })
    const calls = [NDJSON, SSE, JSON_TYPE].map((accept) => client.open(watch('', accept)))
    const bodies = calls.map(async (call) => {
      call.body.end()
      let body = ''
      for await (const part of call.parts('\n')) body += part
      return body
    })
    const ended = Promise.allSettled(bodies)
    await Promise.all(calls.map(({ head }) => head))
    await client.drain()
    const [lines, events, array] = await ended
    expect(lines).toMatchObject({
      value: expect.stringMatching(/^\{"sequence":"1"\}\n\{"error":\{"code":14,.*\}\}\n$/),
    })
    expect(events).toMatchObject({ value: expect.stringMatching(/\n\nevent: error\ndata: \{"code":14,.*\}\n\n$/) })
    expect(array).toMatchObject({ status: 'rejected' })
  })

  test.each([
    [NDJSON, '{"title":"a"}\n', '{"title":'],
    [JSON_TYPE, '[{"title":"a"},', '[{"title":"a"},{"title":"b'],
    [JSON_TYPE, ' [ ', '[{"title":"a"}]'],
  ])('T4 %s: a client may pause after %j, but not after %j', async (type, pause, stall) => {
    const client = await start(front, { options: { listen: { stallTimeoutMs: 40 } } })
    const headers = { 'content-type': type }
    const pausing = client.open({ path: IMPORT, headers })
    pausing.body.write(pause)
    const stalling = client.open({ path: IMPORT, headers })
    stalling.body.on('error', () => {}).write(stall)
    // HTTP/2 of this project resets the stream, and does not look at its type.
    if (front.isHttp2) await expect(stalling.head).rejects.toThrow('code 8')
    else expect((await stalling.head).status).toBe(408)
    pausing.body.end(type === NDJSON ? '' : pause.includes(',') ? '{}]' : ']')
    expect((await pausing.head).status).toBe(200)
  })

  test.each([
    [SSE, 0],
    [NDJSON, 100],
    [JSON_TYPE, 100],
  ])('T3 %s with heartbeatMs %d has no comments', async (accept, heartbeatMs) => {
    const client = await start(front, {
      rest: { streams: { heartbeatMs } },
      implementation: {
        async *watchShelf() {
          await sleep(250)
          yield { sequence: 1n }
        },
      },
    })
    expect(String((await client.whole(watch('', accept))).body)).not.toContain(':\n\n')
  })

  test.each([NDJSON, SSE, JSON_TYPE])(
    'T7 %s: a client that does not read stops the service, and ends it by leaving',
    async (accept) => {
      let yielded = 0
      const ended = Promise.withResolvers<void>()
      const value = 'x'.repeat(65_536)
      const client = await start(front, {
        implementation: {
          async *watchShelf() {
            try {
              for (;;) {
                yield { event: { case: 'removed', value } }
                yielded++
              }
            } finally {
              ended.resolve()
            }
          },
        },
      })
      const call = client.open(watch('', accept))
      call.body.end()
      await call.head
      await expect.poll(() => yielded).toBeGreaterThan(0)
      let before = -1
      while (yielded !== before) {
        before = yielded
        await sleep(150)
      }
      // Windows and socket buffers, in all fewer than 32 MiB.
      expect(yielded).toBeLessThan(512)
      call.cut()
      await ended.promise
    },
  )
})

async function* silent(
  context: HandlerContext,
  onEnd: (reason: unknown) => void,
): AsyncGenerator<{ sequence: bigint }> {
  await untilAborted(context.signal).catch(onEnd)
  if (!context.signal.aborted) yield { sequence: 1n }
}
