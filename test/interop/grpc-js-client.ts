/** The official interoperation tests with compressed requests, with grpc-js, because the client of grpc-go has none. */
import { create, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { status } from '@grpc/grpc-js'
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader'
import { file_grpc_testing_empty } from '../gen/grpc/testing/empty_pb.js'
import { file_grpc_testing_messages } from '../gen/grpc/testing/messages_pb.js'
import { file_grpc_testing_test, TestService } from '../gen/grpc/testing/test_pb.js'
import { GrpcJsClient } from '../support/grpc-js-client.ts'
import type { Check } from '../support/run-checks.ts'
import type { InteropServer } from './server.ts'

/** As grpc-js numbers the algorithms. */
const GZIP = { 'grpc.default_compression_algorithm': 2 }

const REQUEST_BYTES = 271_828
const RESPONSE_BYTES = 314_159
const STREAMED_BYTES = [27_182, 45_904]

/** The checks with grpc-js. Each begins with an uncompressed request that must be refused, so that the server does look. */
export function grpcJsClientChecks({ port }: InteropServer): readonly Check[] {
  return [
    check('client_compressed_unary', async () => {
      await expectRefusal(withClient(port, {}, (client) => callUnary(client, true)))
      await withClient(port, GZIP, (client) => callUnary(client, true))
      await withClient(port, {}, (client) => callUnary(client, false))
    }),
    check('client_compressed_streaming', async () => {
      await expectRefusal(withClient(port, {}, stream))
      await withClient(port, GZIP, stream)
    }),
  ]
}

async function callUnary(client: GrpcJsClient, isCompressed: boolean): Promise<void> {
  const request = {
    expect_compressed: { value: isCompressed },
    response_size: RESPONSE_BYTES,
    payload: { body: Buffer.alloc(REQUEST_BYTES) },
  }
  const { payload } = (await client.callUnary(TestService.typeName, 'UnaryCall', request)) as UnaryAnswer
  expectEqual(payload.body.byteLength, RESPONSE_BYTES)
}

async function stream(client: GrpcJsClient): Promise<void> {
  const { stream, answer } = client.callClientStream(TestService.typeName, 'StreamingInputCall')
  for (const size of STREAMED_BYTES) {
    stream.write({ expect_compressed: { value: true }, payload: { body: Buffer.alloc(size) } })
  }
  stream.end()
  const { aggregated_payload_size: bytes } = (await answer) as StreamAnswer
  expectEqual(bytes, 73_086)
}

/** Responses as proto-loader reads them, with field names as in the descriptors. */
interface UnaryAnswer {
  readonly payload: { readonly body: Uint8Array }
}

interface StreamAnswer {
  readonly aggregated_payload_size: number
}

async function withClient(
  port: number,
  channel: Readonly<Record<string, number>>,
  use: (client: GrpcJsClient) => Promise<void>,
): Promise<void> {
  const client = new GrpcJsClient(port, definitions, { channel })
  try {
    await use(client)
  } finally {
    client.close()
  }
}

async function expectRefusal(call: Promise<void>): Promise<void> {
  const code = await call.then(
    () => status.OK,
    (error: { readonly code?: number }) => error.code,
  )
  expectEqual(code, status.INVALID_ARGUMENT)
}

function expectEqual(seen: unknown, expected: number): void {
  if (seen !== expected) throw new Error(`${seen} instead of ${expected}`)
}

function check(name: string, run: () => Promise<void>): Check {
  return { name: `grpc-js client: ${name}`, run }
}

const definitions = loadFileDescriptorSetFromBuffer(
  Buffer.from(
    toBinary(
      FileDescriptorSetSchema,
      create(FileDescriptorSetSchema, {
        file: [file_grpc_testing_empty, file_grpc_testing_messages, file_grpc_testing_test].map(({ proto }) => proto),
      }),
    ),
  ),
)
