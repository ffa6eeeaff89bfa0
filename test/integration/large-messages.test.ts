/** Messages of many frames, whose buffers are freed as soon as they are decoded or sent: each octet must arrive, in every way to call. */
import { create } from '@bufbuild/protobuf'
import { type ConnectRouter, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GetStreamResponseSchema, GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { encodeOnce } from '../../wire/codec/encode/encode-once.ts'
import { testCertificates } from '../support/certificates.ts'
import { CLIENT_WAYS, type ClientWay } from '../support/client-ways.ts'
import { collect } from '../support/collect.ts'
import { startRoutes } from '../support/demo-server.ts'

/** Below, at and above the limits of pieces, frames, chunks and windows; in this order, so that a short message follows a long one. */
const SIZES = [600_000, 1_023, 16_379, 16_384, 40_000, 65_531, 1, 65_536, 131_072]
const STREAMS = 3

const { ca, server } = await testCertificates()

const PATTERN = Array.from({ length: 80_000 }, (_, at) => (at * 48_271).toString(36).padStart(8, '.')).join('')

/** A text in which no two places look alike, so that octets in the wrong place are found. */
function textOf(bytes: number, seed: number): string {
  return PATTERN.slice(seed, seed + bytes)
}

/** Messages that all streams of a topic send. */
const SHARED = SIZES.map((size) => encodeOnce(create(GetStreamResponseSchema, { data: textOf(size, 0) })))

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello: ({ name }) => ({ message: name }),
    async putStream(messages) {
      let accepted = 0n
      for await (const { topic, data } of messages) {
        if (data === textOf(data.length, Number(topic))) accepted += BigInt(data.length)
      }
      return { accepted }
    },
    async *getStream({ topic }) {
      if (topic === 'shared') yield* SHARED
      else for (const size of SIZES) yield { data: textOf(size, Number(topic)) }
    },
    async *allStream(messages) {
      for await (const { data } of messages) yield { data }
    },
  })
}

async function* messagesOf(seed: number) {
  for (const size of SIZES) yield { topic: String(seed), data: textOf(size, seed) }
}

interface Row extends ClientWay {
  readonly isSecure: boolean
  readonly settings: Partial<TransportOptions>
}

/** Neither side compresses. */
const PLAIN = { acceptCompression: [] }

const ROWS = CLIENT_WAYS.flatMap((way): Row[] => [
  { ...way, isSecure: false, settings: PLAIN },
  { ...way, isSecure: true, settings: PLAIN },
  { ...way, isSecure: false, settings: { sendCompression: 'gzip' } },
])

async function open({ isSecure, settings, ...way }: Row) {
  const { origin } = await startRoutes({ routes, listen: isSecure ? { tls: server } : {} })
  const tls = isSecure ? { tls: { ca } } : {}
  const transport = createTransport({ baseUrl: origin, ...way, ...settings, ...tls })
  onTestFinished(() => transport.close())
  return createClient(GreeterService, transport)
}

describe.each(ROWS)('$protocol over HTTP/$httpVersion, TLS $isSecure, $settings', (row) => {
  test('unary calls side by side', async () => {
    const client = await open(row)
    const names = SIZES.map((size, at) => textOf(size, at))
    const replies = await Promise.all(names.map((name) => client.sayHello({ name })))
    expect(replies.every(({ message }, at) => message === names[at])).toBe(true)
  })

  test('streams side by side, in each direction', async () => {
    const client = await open(row)
    const total = BigInt(SIZES.reduce((sum, size) => sum + size))
    const seeds = Array.from({ length: STREAMS }, (_, seed) => seed)
    for (const { accepted } of await Promise.all(seeds.map((seed) => client.putStream(messagesOf(seed))))) {
      expect(accepted).toBe(total)
    }
    await Promise.all(
      seeds.map(async (seed) => {
        const received = await collect(client.getStream({ topic: String(seed) }))
        expect(received.map(({ data }) => data === textOf(data.length, seed) && data.length)).toEqual(SIZES)
      }),
    )
  })

  test('messages that several streams send', async () => {
    const client = await open(row)
    await Promise.all(
      Array.from({ length: STREAMS }, async () => {
        const received = await collect(client.getStream({ topic: 'shared' }))
        expect(received.map(({ data }) => data === textOf(data.length, 0) && data.length)).toEqual(SIZES)
      }),
    )
  })

  test('bidirectional streams side by side', async () => {
    const client = await open({ ...row, httpVersion: '2' })
    await Promise.all(
      Array.from({ length: STREAMS }, async (_, seed) => {
        const received = await collect(client.allStream(messagesOf(seed)))
        expect(received.map(({ data }) => data === textOf(data.length, seed) && data.length)).toEqual(SIZES)
      }),
    )
  })
})
