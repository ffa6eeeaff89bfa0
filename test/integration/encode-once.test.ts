/** A message that goes to many calls is encoded once, and interceptors, protocols and lanes treat it like any other message. */
import { create } from '@bufbuild/protobuf'
import type { Interceptor } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GetStreamResponseSchema, GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { encodeOnce } from '../../server/public.ts'
import { BookEventSchema } from '../gen/library/v1/library_pb.js'
import { CLIENT_WAYS } from '../support/client-ways.ts'
import { startRoutes } from '../support/demo-server.ts'
import { exchangeHttp1, exchangeHttp2 } from '../support/exchange.ts'
import { startLibrary } from '../support/library.ts'
import { openGreeter } from '../support/open-greeter.ts'

const TEXTS = ['short', 'x'.repeat(3_000), 'y'.repeat(40_000), 'last']

/** Sends the same messages to every call. */
async function startShared(lane: 'native' | 'reference', interceptors: readonly Interceptor[] = []) {
  const messages = TEXTS.map((data, sequence) =>
    encodeOnce(create(GetStreamResponseSchema, { topic: 'shared', sequence: BigInt(sequence), data })),
  )
  const { origin } = await startRoutes({
    lane,
    interceptors,
    routes: (router) =>
      router.service(GreeterService, {
        async *getStream() {
          yield* messages
        },
      }),
  })
  return origin
}

const LANES = ['native', 'reference'] as const
const FORMS = [
  { useBinaryFormat: true },
  { useBinaryFormat: false },
  { useBinaryFormat: true, acceptCompression: ['gzip'] as const },
]
const CASES = LANES.flatMap((lane) => CLIENT_WAYS.map((way) => ({ lane, way })))

describe.each(CASES)('on lane $lane, $way.protocol over HTTP/$way.httpVersion', ({ lane, way }) => {
  test('calls at the same time and one after the other, in both formats and compressed', async () => {
    const baseUrl = await startShared(lane)
    const read = async (form: (typeof FORMS)[number]) => {
      const { client } = openGreeter({ baseUrl, ...way, ...form })
      const texts: string[] = []
      for await (const { data } of client.getStream({ topic: 'shared' })) texts.push(data)
      return texts
    }
    for (const form of FORMS) {
      expect(await Promise.all([read(form), read(form), read(form)])).toEqual([TEXTS, TEXTS, TEXTS])
    }
  })

  test('interceptors see the messages, and may replace them', async () => {
    const seen: string[] = []
    const shout: Interceptor = (next) => async (request) => {
      const response = await next(request)
      if (!response.stream) return response
      return { ...response, message: shouted(response.message as AsyncIterable<{ data: string }>, seen) } as never
    }
    const { client } = openGreeter({ baseUrl: await startShared(lane, [shout]), ...way })
    const texts: string[] = []
    for await (const { data } of client.getStream({ topic: 'shared' })) texts.push(data)
    expect(seen).toEqual(TEXTS)
    expect(texts).toEqual(TEXTS.map((text) => text.toUpperCase()))
  })
})

async function* shouted(messages: AsyncIterable<{ data: string }>, seen: string[]) {
  for await (const message of messages) {
    seen.push(message.data)
    yield { ...message, data: message.data.toUpperCase() }
  }
}

test.each([
  ['HTTP/1.1', exchangeHttp1],
  ['HTTP/2', exchangeHttp2],
])('each format of a REST stream over %s', async (_name, exchange) => {
  const messages = [1n, 2n].map((sequence) => encodeOnce(create(BookEventSchema, { sequence })))
  const { origin } = await startLibrary({
    implementation: {
      async *watchShelf() {
        yield* messages
      },
    },
  })
  const bodyOf = async (accept: string) =>
    String((await exchange(origin, { method: 'GET', path: '/v1/shelves/1:watch', headers: { accept } })).body)
  for (let round = 0; round < 2; round++) {
    expect(await bodyOf('application/x-ndjson')).toBe('{"sequence":"1"}\n{"sequence":"2"}\n')
    expect(await bodyOf('text/event-stream')).toBe('data: {"sequence":"1"}\n\ndata: {"sequence":"2"}\n\n')
    expect(await bodyOf('application/json')).toBe('[{"sequence":"1"},{"sequence":"2"}]')
  }
})
