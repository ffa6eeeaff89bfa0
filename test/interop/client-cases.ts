/** The official interoperability tests of gRPC clients, with our client. gRPC's interop-test-descriptions define what each asserts. */
import assert from 'node:assert/strict'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type CallOptions,
  type Client,
  Code,
  ConnectError,
  createClient,
  decodeBinaryHeader,
  encodeBinaryHeader,
  type Transport,
} from '@connectrpc/connect'
import { createWritableIterable } from '@connectrpc/connect/protocol'
import { EmptySchema } from '../gen/grpc/testing/empty_pb.js'
import type {
  SimpleRequestSchema,
  StreamingInputCallRequest,
  StreamingOutputCallRequestSchema,
  StreamingOutputCallResponse,
} from '../gen/grpc/testing/messages_pb.js'
import { TestService, UnimplementedService } from '../gen/grpc/testing/test_pb.js'
import { collect } from '../support/collect.ts'

/** What a test calls with. Connections are made by the calls. */
export interface CaseTransports {
  readonly plain: Transport
  /** The same server; messages are sent with gzip. */
  readonly compressing: Transport
}

/** Rejects, with what was observed, when the test fails. */
export type ClientCase = (transports: CaseTransports) => Promise<void>

type TestClient = Client<typeof TestService>
type OutputRequest = MessageInitShape<typeof StreamingOutputCallRequestSchema>

const REQUEST_BYTES = 271_828
const RESPONSE_BYTES = 314_159
const STREAMED_REQUEST_BYTES = [27_182, 8, 1_828, 45_904] as const
const STREAMED_RESPONSE_BYTES = [31_415, 9, 2_653, 58_979] as const
const COMPRESSED_REQUEST_BYTES = [27_182, 45_904] as const
const COMPRESSED_RESPONSE_BYTES = [31_415, 92_653] as const
const SAME_SERVER_CALLS = 100

const INITIAL = { key: 'x-grpc-test-echo-initial', value: 'test_initial_metadata_value' } as const
const TRAILING = { key: 'x-grpc-test-echo-trailing-bin', value: new Uint8Array([0xab, 0xab, 0xab]) } as const
const STATUS = { code: Code.Unknown, message: 'test status message' } as const
const SPECIAL_MESSAGE = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n'

/**
 * The tests, by their official names. Two differ: a transport compresses all messages of a call or none, so that
 * `client_compressed_streaming` does not mix them; and servers decide for themselves what is worth compressing, so that
 * `server_compressed_*` ask for compressed responses only.
 */
export const CLIENT_CASES: Readonly<Record<string, ClientCase>> = {
  async empty_unary({ plain }) {
    assert.deepEqual(await testClient(plain).emptyCall({}), create(EmptySchema))
  },

  large_unary: ({ plain }) => callLargeUnary(testClient(plain)),

  async client_streaming({ plain }) {
    const { aggregatedPayloadSize } = await testClient(plain).streamingInputCall(inputs(STREAMED_REQUEST_BYTES))
    assert.equal(aggregatedPayloadSize, 74_922)
  },

  async server_streaming({ plain }) {
    const answers = testClient(plain).streamingOutputCall(outputsOf(STREAMED_RESPONSE_BYTES))
    assert.deepEqual((await collect(answers)).map(sizeOf), STREAMED_RESPONSE_BYTES)
  },

  async ping_pong({ plain }) {
    await using call = startDuplex(testClient(plain))
    for (const [round, requestBytes] of STREAMED_REQUEST_BYTES.entries()) {
      const answerBytes = STREAMED_RESPONSE_BYTES[round] ?? 0
      await call.send({ ...outputsOf([answerBytes]), payload: zeros(requestBytes) })
      assert.equal(sizeOf(await call.receive()), answerBytes)
    }
    await call.expectEnd()
  },

  async empty_stream({ plain }) {
    await using call = startDuplex(testClient(plain))
    await call.expectEnd()
  },

  async timeout_on_sleeping_server({ plain }) {
    await using call = startDuplex(testClient(plain), { timeoutMs: 1 })
    const sending = call.send({ payload: zeros(27_182) }).catch(() => {})
    await expectError(call.receive(), Code.DeadlineExceeded)
    await sending
  },

  async cancel_after_begin({ plain }) {
    const controller = new AbortController()
    const options = { headers: { key1: 'value1', key2: 'value2' }, signal: controller.signal }
    const call = testClient(plain).streamingInputCall(abortInsteadOfMessages(controller), options)
    await expectError(call, Code.Canceled)
  },

  async cancel_after_first_response({ plain }) {
    const controller = new AbortController()
    await using call = startDuplex(testClient(plain), { signal: controller.signal })
    await call.send({ ...outputsOf([31_415]), payload: zeros(27_182) })
    assert.equal(sizeOf(await call.receive()), 31_415)
    controller.abort()
    await expectError(call.receive(), Code.Canceled)
  },

  async status_code_and_message({ plain }) {
    const client = testClient(plain)
    await expectError(client.unaryCall({ responseStatus: STATUS }), STATUS.code, STATUS.message)
    await using call = startDuplex(client)
    await call.send({ responseStatus: STATUS })
    await expectError(call.receive(), STATUS.code, STATUS.message)
  },

  async special_status_message({ plain }) {
    const responseStatus = { code: Code.Unknown, message: SPECIAL_MESSAGE }
    await expectError(testClient(plain).unaryCall({ responseStatus }), Code.Unknown, SPECIAL_MESSAGE)
  },

  async custom_metadata({ plain }) {
    const client = testClient(plain)
    const unary = watchMetadata()
    const answer = await client.unaryCall({ responseSize: 1, payload: zeros(1) }, unary.options)
    assert.equal(sizeOf(answer), 1)
    unary.expectEcho()
    const streamed = watchMetadata()
    await using call = startDuplex(client, streamed.options)
    await call.send({ ...outputsOf([1]), payload: zeros(1) })
    assert.equal(sizeOf(await call.receive()), 1)
    await call.expectEnd()
    streamed.expectEcho()
  },

  unimplemented_method: ({ plain }) => expectError(testClient(plain).unimplementedCall({}), Code.Unimplemented),

  unimplemented_service: ({ plain }) =>
    expectError(createClient(UnimplementedService, plain).unimplementedCall({}), Code.Unimplemented),

  async client_compressed_unary({ plain, compressing }) {
    const client = testClient(plain)
    await expectError(callLargeUnary(client, { expectCompressed: { value: true } }), Code.InvalidArgument)
    await callLargeUnary(testClient(compressing), { expectCompressed: { value: true } })
    await callLargeUnary(client, { expectCompressed: { value: false } })
  },

  async client_compressed_streaming({ plain, compressing }) {
    const messages = () => inputs(COMPRESSED_REQUEST_BYTES, true)
    await expectError(testClient(plain).streamingInputCall(messages()), Code.InvalidArgument)
    const { aggregatedPayloadSize } = await testClient(compressing).streamingInputCall(messages())
    assert.equal(aggregatedPayloadSize, 73_086)
  },

  async server_compressed_unary({ plain }) {
    const onHeader = (header: Headers) => assert.match(header.get('grpc-encoding') ?? '', /^(gzip|zstd|br)$/)
    await callLargeUnary(testClient(plain), { responseCompressed: { value: true } }, { onHeader })
  },

  async server_compressed_streaming({ plain }) {
    const onHeader = (header: Headers) => assert.match(header.get('grpc-encoding') ?? '', /^(gzip|zstd|br)$/)
    const responseParameters = COMPRESSED_RESPONSE_BYTES.map((size) => ({ size, compressed: { value: true } }))
    const answers = testClient(plain).streamingOutputCall({ responseParameters }, { onHeader })
    assert.deepEqual((await collect(answers)).map(sizeOf), COMPRESSED_RESPONSE_BYTES)
  },

  async pick_first_unary({ plain }) {
    const client = testClient(plain)
    const servers = new Set<string>()
    for (let call = 0; call < SAME_SERVER_CALLS; call++) {
      servers.add((await client.unaryCall({ responseSize: 1, payload: zeros(1), fillServerId: true })).serverId)
    }
    assert.equal(servers.size, 1, `${[...servers].join(', ')} have answered`)
    assert.ok(!servers.has(''), 'the server does not say who it is')
  },
}

function testClient(transport: Transport): TestClient {
  return createClient(TestService, transport)
}

/** The call of `large_unary`, which others make too. */
export async function callLargeUnary(
  client: TestClient,
  added: MessageInitShape<typeof SimpleRequestSchema> = {},
  options: CallOptions = {},
): Promise<void> {
  const request = { responseSize: RESPONSE_BYTES, payload: zeros(REQUEST_BYTES), ...added }
  assert.equal(
    sizeOf(await client.unaryCall(request as MessageInitShape<typeof SimpleRequestSchema>, options)),
    RESPONSE_BYTES,
  )
}

/** A bidirectional call whose messages are sent one by one. Disposing of it ends the input. */
function startDuplex(client: TestClient, options: CallOptions = {}) {
  const requests = createWritableIterable<OutputRequest>()
  const answers = client.fullDuplexCall(requests, options)[Symbol.asyncIterator]()
  // The messages of a call are not read if its responses are not awaited.
  let first: Promise<IteratorResult<StreamingOutputCallResponse>> | undefined = answers.next()
  first.catch(() => {})
  const next = () => {
    const result = first ?? answers.next()
    first = undefined
    return result
  }
  return {
    /** Settles when the message is taken. */
    async send(message: OutputRequest): Promise<void> {
      await requests.write(message)
    },
    async receive(): Promise<StreamingOutputCallResponse> {
      const { value, done } = await next()
      assert.ok(done !== true, 'the server has ended the stream')
      return value
    },
    async expectEnd(): Promise<void> {
      requests.close()
      assert.equal((await next()).done, true)
    },
    async [Symbol.asyncDispose](): Promise<void> {
      requests.close()
    },
  }
}

/** Metadata that the server sends back, and whether it did. */
function watchMetadata() {
  const seen = { initial: [] as (string | null)[], trailing: [] as (string | null)[] }
  return {
    options: {
      headers: { [INITIAL.key]: INITIAL.value, [TRAILING.key]: encodeBinaryHeader(TRAILING.value) },
      onHeader: (header: Headers) => seen.initial.push(header.get(INITIAL.key)),
      onTrailer: (trailer: Headers) => seen.trailing.push(trailer.get(TRAILING.key)),
    } satisfies CallOptions,
    expectEcho(): void {
      assert.deepEqual(seen.initial, [INITIAL.value])
      assert.deepEqual(
        seen.trailing.map((value) => decodeBinaryHeader(value ?? '')),
        [TRAILING.value],
      )
    },
  }
}

/** Waits until the request headers are sent, cancels, and never ends otherwise. */
async function* abortInsteadOfMessages(controller: AbortController): AsyncGenerator<StreamingInputCallRequest> {
  controller.abort()
  await new Promise<never>(() => {})
}

async function* inputs(sizes: readonly number[], isCompressed = false) {
  for (const size of sizes) {
    yield { payload: zeros(size), ...(isCompressed && { expectCompressed: { value: true } }) }
  }
}

function outputsOf(sizes: readonly number[]): { responseParameters: { size: number }[] } {
  return { responseParameters: sizes.map((size) => ({ size })) }
}

function zeros(size: number): { body: Uint8Array } {
  return { body: new Uint8Array(size) }
}

function sizeOf({ payload }: { readonly payload?: { readonly body: Uint8Array } | undefined }): number | undefined {
  return payload?.body.byteLength
}

async function expectError(call: Promise<unknown>, code: Code, message?: string): Promise<void> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => ConnectError.from(reason),
  )
  assert.ok(error !== undefined, `the call should have failed with ${Code[code]}`)
  assert.equal(Code[error.code], Code[code], error.message)
  if (message !== undefined) assert.equal(error.rawMessage, message)
}
