/** What a call reads depends on the octets only, not on how they are split into packets and frames. */
import { create, toBinary } from '@bufbuild/protobuf'
import { type ConnectError, type ConnectRouter, createClient } from '@connectrpc/connect'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from '../../gen/grpc/reflection/v1/reflection_pb.js'
import { type CallProtocol, callHeaders, envelope } from '../support/calls.ts'
import { openFakeTransport } from '../support/fake-transport.ts'
import { createLaneBench } from '../support/lane-bench.ts'
import { settled } from '../support/settled.ts'

const RUNS = { seed: 20_261_130, numRuns: 150 }
const PATH = `/${ServerReflection.typeName}/ServerReflectionInfo`

/** Nested messages, in both directions. */
const NESTED = [
  toBinary(
    ServerReflectionRequestSchema,
    create(ServerReflectionRequestSchema, {
      host: 'h',
      messageRequest: {
        case: 'fileContainingExtension',
        value: { containingType: 'acme.Thing', extensionNumber: 7 },
      },
    }),
  ),
  toBinary(
    ServerReflectionResponseSchema,
    create(ServerReflectionResponseSchema, {
      validHost: 'h',
      messageResponse: { case: 'errorResponse', value: { errorCode: 5, errorMessage: 'not found' } },
    }),
  ),
  new Uint8Array(0),
]

/** Reads on beyond its end, and what a sender may put there so that it seems to fit. */
const FORGED = ['7a05', '10010a070a0541444d494e', '0a05', '2a7f0a01', '0affffffff07'].map((hex) =>
  Buffer.from(hex, 'hex'),
)

/** A valid message with one octet changed, such as an inner length. */
const changed = fc
  .tuple(fc.constantFrom(...NESTED.slice(0, 2)), fc.nat(40), fc.nat(255))
  .map(([message, at, octet]) => Buffer.from(message).fill(octet, at % message.length, (at % message.length) + 1))

const message = fc.oneof(
  fc.constantFrom(...NESTED),
  fc.constantFrom(...FORGED),
  changed,
  fc.uint8Array({ maxLength: 8 }),
)

/** Messages in their envelopes; some bodies end too early. */
const body = fc
  .tuple(fc.array(message, { minLength: 1, maxLength: 6 }), fc.nat(4))
  .map(([messages, missing]) =>
    Buffer.concat(messages.map((one) => envelope(one))).subarray(0, missing > 2 ? -missing : undefined),
  )

const cuts = fc.array(fc.nat(200), { maxLength: 12 })

function cutAt(octets: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (octets.length + 1)).toSorted((a, b) => a - b), octets.length]
  return sorted.slice(1).map((end, n) => octets.subarray(sorted[n], end))
}

interface Reading {
  readonly messages: readonly string[]
  readonly end: string
}

function hexOf(request: ServerReflectionRequest): string {
  return Buffer.from(toBinary(ServerReflectionRequestSchema, request)).toString('hex')
}

/** What a handler receives, and how the call ends. */
async function readAtServer(protocol: CallProtocol, pieces: readonly Buffer[]): Promise<Reading> {
  const messages: string[] = []
  const routes = (router: ConnectRouter) =>
    router.service(ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) messages.push(hexOf(request))
        yield* []
      },
    })
  const exchange = createLaneBench(routes).request({ path: PATH, fields: Object.entries(callHeaders(protocol)) })
  for (const piece of pieces) {
    exchange.feed(piece)
    await settled()
  }
  exchange.feed(Buffer.alloc(0), true)
  await settled()
  const { headers, trailers } = exchange
  return { messages, end: [exchange.body.toString(), ...headers, ...trailers].join('\n') }
}

/** What a caller receives, and how the call ends. */
async function readAtClient(pieces: readonly Buffer[]): Promise<Reading> {
  const fake = openFakeTransport()
  const messages: string[] = []
  const reading = (async () => {
    try {
      const client = createClient(ServerReflection, fake.transport)
      for await (const answer of client.serverReflectionInfo((async function* () {})())) {
        messages.push(Buffer.from(toBinary(ServerReflectionResponseSchema, answer)).toString('hex'))
      }
      return 'ok'
    } catch (error) {
      return (error as ConnectError).message
    }
  })()
  await fake.connect()
  const [stream] = fake.streams()
  stream?.respondHead()
  for (const piece of pieces) {
    stream?.sendOctets(piece)
    await settled()
  }
  stream?.finish(0)
  const end = await reading
  fake.channel.close()
  return { messages, end }
}

test.each(['grpc', 'grpc-web', 'connect-stream'] as const)(
  'a server reads %s alike however it is split',
  async (protocol) => {
    const property = fc.asyncProperty(body, cuts, async (octets, places) => {
      const whole = await readAtServer(protocol, [octets])
      expect(await readAtServer(protocol, cutAt(octets, places))).toEqual(whole)
    })
    await fc.assert(property, RUNS)
  },
)

test('a server reads split base64 alike', async () => {
  const property = fc.asyncProperty(body, cuts, async (octets, places) => {
    const text = Buffer.from(octets.toString('base64'), 'latin1')
    const whole = await readAtServer('grpc-web-text', [text])
    expect(await readAtServer('grpc-web-text', cutAt(text, places))).toEqual(whole)
  })
  await fc.assert(property, RUNS)
})

test('a client reads split input alike', async () => {
  const property = fc.asyncProperty(body, cuts, async (octets, places) => {
    const whole = await readAtClient([octets])
    expect(await readAtClient(cutAt(octets, places))).toEqual(whole)
  })
  await fc.assert(property, RUNS)
})

test('a message that reads beyond its end is an error, joined with the next one as well as alone', async () => {
  const pieces = FORGED.slice(0, 2).map((one) => envelope(one))
  for (const read of [() => readAtServer('grpc', [Buffer.concat(pieces)]), () => readAtServer('grpc', pieces)]) {
    const { messages, end } = await read()
    expect(messages).toEqual([])
    expect(end).toContain('parse binary')
  }
  for (const given of [[Buffer.concat(pieces)], pieces]) {
    expect(await readAtClient(given)).toMatchObject({ messages: [], end: expect.stringContaining('parse binary') })
  }
})
