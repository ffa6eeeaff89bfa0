/**
 * Sends messages through real calls and keeps one of each `STEP`, at the server or at the client: `SIDE PROTOCOL COUNT STEP`. Reports, by
 * what the messages contain, the memory that the kept ones hold.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { create } from '@bufbuild/protobuf'
import { createClient } from '@connectrpc/connect'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GetStreamResponseSchema, GreeterService, PutStreamRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { TestService } from '../gen/grpc/testing/test_pb.js'

/** The memory of the kept messages of one call. */
export interface KeptMessages {
  readonly content: string
  readonly received: number
  readonly kept: number
  readonly heapBytes: number
  /** Outside of the heap. */
  readonly bufferBytes: number
}

const [side, protocol, count, step] = process.argv.slice(2)
const total = Number(count)
const body = randomBytes(100)
let kept: unknown[] = []
let received = 0

/** The value of an unknown field: its length, and then as many octets. */
const unknownValue = Uint8Array.of(body.length, ...body)

/** Fills in a message. No two texts are the same, so that each is decoded. */
type AddContent = (message: { data: string; $unknown?: unknown }, index: number) => void

/** What messages contain. */
const CONTENTS: Readonly<Record<string, AddContent>> = {
  bytes: addNothing,
  'an unknown field': (message) => {
    message.$unknown = [{ no: 99, wireType: 2, data: unknownValue }]
  },
  'a short ASCII string': textOf('name', 1),
  'a long ASCII string': textOf('plain ', 60),
  'a short string with other characters': textOf('Größe', 1),
  'a long string with other characters': textOf('числа 数 ', 40),
}

function textOf(word: string, times: number): AddContent {
  return (message, index) => {
    message.data = `${index} ${word.repeat(times)}`
  }
}

/** For messages with `bytes`, which are of another service. */
function addNothing(): void {}

/** Adds the content of the running call. */
let addContent: AddContent = addNothing

async function* payloads() {
  for (let sent = 0; sent < total; sent++) yield { payload: { body } }
}

async function* responses() {
  for (let sent = 0; sent < total; sent++) {
    const message = create(GetStreamResponseSchema)
    addContent(message, sent)
    yield message
  }
}

async function* requests() {
  for (let sent = 0; sent < total; sent++) {
    const message = create(PutStreamRequestSchema)
    addContent(message, sent)
    yield message
  }
}

async function keepSome(messages: AsyncIterable<unknown>) {
  for await (const message of messages) if (received++ % Number(step) === 0) kept.push(message)
  return {}
}

const app = await createApp({
  logger: false,
  lane: 'native',
  listen: { drainTimeoutMs: 0 },
  routes: (router) => {
    router.service(TestService, { streamingInputCall: keepSome, streamingOutputCall: payloads })
    router.service(GreeterService, { putStream: keepSome, getStream: responses })
  },
})
const baseUrl = await app.fastify.listen({ port: 0, host: '127.0.0.1' })

async function call(): Promise<void> {
  const transport = createTransport({ baseUrl, protocol: protocol as NonNullable<TransportOptions['protocol']> })
  const bytes = createClient(TestService, transport)
  const texts = createClient(GreeterService, transport)
  const isOfBytes = addContent === addNothing
  if (side === 'server') await (isOfBytes ? bytes.streamingInputCall(payloads()) : texts.putStream(requests()))
  else await keepSome(isOfBytes ? bytes.streamingOutputCall({}) : texts.getStream({}))
  await transport.close()
}

async function memory() {
  for (let round = 0; round < 3; round++) {
    await sleep(10)
    globalThis.gc?.()
  }
  return process.memoryUsage()
}

const results: KeptMessages[] = []
for (const [content, add] of Object.entries(CONTENTS)) {
  addContent = add
  received = 0
  await call()
  const { length } = kept
  const { heapUsed, external } = await memory()
  kept = []
  const without = await memory()
  const held = { heapBytes: heapUsed - without.heapUsed, bufferBytes: external - without.external }
  results.push({ content, received, kept: length, ...held })
}
await app.drain()
process.send?.(results, () => process.exit())
