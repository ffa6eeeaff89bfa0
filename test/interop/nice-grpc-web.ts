/** A foreign client over WebSockets: nice-grpc-web calls our server in all four modes. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import {
  type Client,
  ClientError,
  createChannel,
  createClient,
  Metadata,
  type MethodDefinition,
  Status,
  WebsocketTransport,
} from 'nice-grpc-web'
import { TestService } from '../gen/grpc/testing/test_pb.js'
import { collect } from '../support/collect.ts'
import type { Check } from '../support/run-checks.ts'

type TestClient = Client<typeof DEFINITION>

const DEFINITION = {
  unaryCall: define(TestService.method.unaryCall, 'UnaryCall', false, false),
  streamingInputCall: define(TestService.method.streamingInputCall, 'StreamingInputCall', true, false),
  streamingOutputCall: define(TestService.method.streamingOutputCall, 'StreamingOutputCall', false, true),
  fullDuplexCall: define(TestService.method.fullDuplexCall, 'FullDuplexCall', true, true),
  unimplementedCall: define(TestService.method.unimplementedCall, 'UnimplementedCall', false, false),
}

const LARGE_BYTES = 300_000
const SIZES = [31_415, 9, 2_653, 58_979]
const MESSAGE = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n'
const INITIAL = 'x-grpc-test-echo-initial'
const TRAILING = 'x-grpc-test-echo-trailing-bin'

const CASES: Readonly<Record<string, (client: TestClient) => Promise<void>>> = {
  async unary(client) {
    const request = { responseSize: LARGE_BYTES, payload: { body: new Uint8Array(LARGE_BYTES) } }
    assert.equal((await client.unaryCall(request)).payload?.body.byteLength, LARGE_BYTES)
  },

  async 'client stream'(client) {
    async function* inputs() {
      for (const size of SIZES) yield { payload: { body: new Uint8Array(size) } }
    }
    const { aggregatedPayloadSize } = await client.streamingInputCall(inputs())
    assert.equal(
      aggregatedPayloadSize,
      SIZES.reduce((sum, size) => sum + size, 0),
    )
  },

  async 'server stream'(client) {
    const responseParameters = SIZES.map((size) => ({ size }))
    const answers = await collect(client.streamingOutputCall({ responseParameters }))
    assert.deepEqual(
      answers.map(({ payload }) => payload?.body.byteLength),
      SIZES,
    )
  },

  async 'bidirectional stream, one message at a time'(client) {
    let answered = Promise.withResolvers<void>()
    async function* inputs() {
      for (const size of SIZES) {
        answered = Promise.withResolvers()
        yield { responseParameters: [{ size }] }
        await answered.promise
      }
    }
    const seen: (number | undefined)[] = []
    for await (const { payload } of client.fullDuplexCall(inputs())) {
      seen.push(payload?.body.byteLength)
      answered.resolve()
    }
    assert.deepEqual(seen, SIZES)
  },

  async metadata(client) {
    const value = new Uint8Array([0xab, 0xab, 0xab])
    const seen: unknown[] = []
    await client.unaryCall(
      { responseSize: 1 },
      {
        metadata: Metadata({ [INITIAL]: 'initial', [TRAILING]: value }),
        onHeader: (header) => seen.push(header.get(INITIAL)),
        onTrailer: (trailer) => seen.push([...(trailer.get(TRAILING) ?? [])]),
      },
    )
    assert.deepEqual(seen, ['initial', [...value]])
  },

  async 'status and message of an error'(client) {
    const failure = client.unaryCall({ responseStatus: { code: Status.UNKNOWN, message: MESSAGE } })
    await assert.rejects(failure, isError(Status.UNKNOWN, MESSAGE))
  },

  async 'error in a stream'(client) {
    async function* inputs() {
      yield { responseParameters: [{ size: 1 }] }
      yield { responseStatus: { code: Status.RESOURCE_EXHAUSTED, message: 'enough' } }
    }
    await assert.rejects(collect(client.fullDuplexCall(inputs())), isError(Status.RESOURCE_EXHAUSTED, 'enough'))
  },

  async 'unimplemented method'(client) {
    await assert.rejects(client.unimplementedCall({}), isError(Status.UNIMPLEMENTED))
  },

  /** The server reports calls that stay open when it drains. */
  async cancel(client) {
    const controller = new AbortController()
    async function* inputs() {
      yield { responseParameters: [{ size: 1 }] }
      while (!controller.signal.aborted) await sleep(10)
    }
    const seen = async () => {
      for await (const _ of client.fullDuplexCall(inputs(), { signal: controller.signal })) controller.abort()
    }
    await assert.rejects(seen(), { name: 'AbortError' })
  },
}

/** The checks against a server of `grpc.testing.TestService`. */
export function niceGrpcWebChecks(way: string, baseUrl: string): readonly Check[] {
  const client = createClient(DEFINITION, createChannel(baseUrl, WebsocketTransport()))
  return Object.entries(CASES).map(([name, run]) => ({
    name: `nice-grpc-web over WebSockets, ${way}: ${name}`,
    run: () => run(client),
  }))
}

function define<I extends DescMessage, O extends DescMessage, In extends boolean, Out extends boolean>(
  { input, output }: { readonly input: I; readonly output: O },
  name: string,
  requestStream: In,
  responseStream: Out,
): MethodDefinition<MessageInitShape<I>, MessageShape<I>, MessageInitShape<O>, MessageShape<O>, In, Out> {
  return {
    path: `/${TestService.typeName}/${name}`,
    requestStream,
    responseStream,
    requestSerialize: (message) => toBinary(input, create(input, message)),
    requestDeserialize: (octets) => fromBinary(input, octets),
    responseSerialize: (message) => toBinary(output, create(output, message)),
    responseDeserialize: (octets) => fromBinary(output, octets),
    options: {},
  }
}

function isError(code: Status, details?: string) {
  return (error: unknown) => {
    assert.ok(error instanceof ClientError, String(error))
    assert.equal(error.code, code)
    if (details !== undefined) assert.equal(error.details, details)
    return true
  }
}
