/** Handlers and callers may change a message, or the Buffer in it, as soon as it is sent: what counts is what it was then. */
import { create } from '@bufbuild/protobuf'
import { createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import type { CallObserver } from '../../wire/call-observer.ts'
import { CODEC_KINDS } from '../../wire/codec/codec-settings.ts'
import { messageEncoder } from '../../wire/codec/encode/message-encoder.ts'
import {
  PayloadSchema,
  StreamingInputCallRequestSchema,
  StreamingOutputCallResponseSchema,
} from '../gen/grpc/testing/messages_pb.js'
import { TestService } from '../gen/grpc/testing/test_pb.js'
import { testCertificates } from '../support/certificates.ts'
import { CLIENT_WAYS } from '../support/client-ways.ts'
import { startRoutes } from '../support/demo-server.ts'

const { ca, server: certificate } = await testCertificates()

/** Short ones share a buffer, long ones are written by reference, and together they exceed the windows. */
const SIZES = [1, 100, 1_500, 20_000, 70_000]
const ROUNDS = 6

/** The number of a message, as often as its size. */
function check(body: Uint8Array, index: number): void {
  expect(body.length).toBe(SIZES[index % SIZES.length])
  expect(body.every((octet) => octet === index)).toBe(true)
}

/** Fills one Buffer again and again. Yields the part of it that is the next body. */
function* bodies(): Generator<Uint8Array> {
  const reused = Buffer.alloc(Math.max(...SIZES))
  for (let index = 0; index < ROUNDS * SIZES.length; index++) {
    const body = reused.subarray(0, SIZES[index % SIZES.length])
    body.fill(index)
    yield body
    reused.fill(0xff)
  }
}

async function startService({ isSecure, ...options }: { isSecure: boolean; codec: (typeof CODEC_KINDS)[number] }) {
  const received: number[] = []
  const { origin } = await startRoutes({
    lane: 'native',
    ...options,
    ...(isSecure ? { listen: { tls: { certificates: [certificate] } } } : {}),
    routes: (router) =>
      router.service(TestService, {
        async *streamingOutputCall() {
          const message = create(StreamingOutputCallResponseSchema, { payload: {} })
          for (const body of bodies()) {
            if (message.payload !== undefined) message.payload.body = body
            yield message
          }
        },
        async streamingInputCall(requests) {
          for await (const { payload } of requests) {
            check(payload?.body ?? new Uint8Array(0), received.length)
            received.push(payload?.body.length ?? 0)
          }
          return { aggregatedPayloadSize: received.reduce((sum, size) => sum + size, 0) }
        },
      }),
  })
  return { origin, received }
}

/** Encodes a message of its own whenever one is sent, as one that makes calls would. */
const encodingObserver: CallObserver = {
  onStart: () => ({ onAttempt: () => ({ onSent: encodeOther, onEnd() {} }), onEnd() {} }),
}

function encodeOther(): void {
  const body = Buffer.alloc(2_000, 0xee)
  messageEncoder(PayloadSchema, { kind: 'compiled' }).encode(create(PayloadSchema, { body }))
}

function clientOf(options: TransportOptions) {
  const transport = createTransport(options)
  onTestFinished(() => transport.close())
  return createClient(TestService, transport)
}

const CASES = CLIENT_WAYS.flatMap((way) => [false, true].map((isSecure) => ({ way, isSecure })))

describe.each(CODEC_KINDS)('with the codec %s', (codec) => {
  describe.each(CASES)('$way.protocol over HTTP/$way.httpVersion, TLS: $isSecure', ({ way, isSecure }) => {
    test('a handler that changes its message after each yield, with a slow reader', async () => {
      const { origin } = await startService({ isSecure, codec })
      const client = clientOf({ baseUrl: origin, ...way, codec, ...(isSecure ? { tls: { ca } } : {}) })
      let index = 0
      for await (const { payload } of client.streamingOutputCall({})) {
        check(payload?.body ?? new Uint8Array(0), index++)
        if (index % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
      }
      expect(index).toBe(ROUNDS * SIZES.length)
    })

    test('a client that changes its message after each yield', async () => {
      const { origin, received } = await startService({ isSecure, codec })
      const client = clientOf({ baseUrl: origin, ...way, codec, ...(isSecure ? { tls: { ca } } : {}) })
      const message = create(StreamingInputCallRequestSchema, { payload: {} })
      async function* requests() {
        for (const body of bodies()) {
          if (message.payload !== undefined) message.payload.body = body
          yield message
        }
      }
      const { aggregatedPayloadSize } = await client.streamingInputCall(requests())
      expect(received).toHaveLength(ROUNDS * SIZES.length)
      expect(aggregatedPayloadSize).toBe(ROUNDS * SIZES.reduce((sum, size) => sum + size, 0))
    })

    test('a client whose observer encodes messages', async () => {
      const { origin, received } = await startService({ isSecure, codec })
      const settings = { baseUrl: origin, ...way, codec, observers: [encodingObserver] }
      const client = clientOf({ ...settings, ...(isSecure ? { tls: { ca } } : {}) })
      async function* requests() {
        for (const body of bodies()) yield { payload: { body } }
      }
      await client.streamingInputCall(requests())
      expect(received).toHaveLength(ROUNDS * SIZES.length)
    })
  })
})
