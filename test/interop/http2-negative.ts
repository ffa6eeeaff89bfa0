/** The official negative tests of HTTP/2 clients, whose server misbehaves. */
import assert from 'node:assert/strict'
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect'
import { createTransport } from '../../client/node/transport.ts'
import { ErrorCode } from '../../wire/http2/errors.ts'
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import { TestService } from '../gen/grpc/testing/test_pb.js'
import { runCommand } from '../support/command.ts'
import { installGoTool } from '../support/go-tool.ts'
import { uint32 } from '../support/raw-http2.ts'
import type { Check } from '../support/run-checks.ts'
import { callLargeUnary } from './client-cases.ts'
import type { NegativeConnection } from './negative-connection.ts'
import { answerWell, type NegativeBehaviour, type NegativeServer, startNegativeServer } from './negative-server.ts'

/** One test. */
interface NegativeCase extends NegativeBehaviour {
  /** What our client does, and the expected outcome. Default: a large unary call that succeeds. */
  call?(transport: Transport): Promise<void>
  /** What the server must have seen when the client has closed its connections. */
  readonly expect?: (server: NegativeServer) => void
}

const SETTINGS_MAX_CONCURRENT_STREAMS = 3
const CONCURRENT_CALLS = 15
/** Message octets per frame, for messages split into many frames. */
const TINY_CHUNK = { chunkBytes: 5 } as const
const MAX_PADDING = 255

/** By their official names. The codes are those of gRPC's mapping of RST_STREAM with NO_ERROR. */
const CASES: Readonly<Record<string, NegativeCase>> = {
  goaway: {
    async answer(connection, streamId, response) {
      await answerWell(connection, streamId, response)
      const payload = Buffer.concat([uint32(streamId), uint32(ErrorCode.NO_ERROR)])
      connection.peer.send(FrameType.GOAWAY, FrameFlag.NONE, 0, payload)
    },
    async call(transport) {
      await callOnce(transport)
      await callOnce(transport)
    },
    expect({ connections }) {
      assert.equal(connections.length, 2, 'each call must have had a connection of its own')
    },
  },

  rst_after_header: {
    async answer(connection, streamId) {
      connection.sendHead(streamId)
      reset(connection, streamId)
    },
    call: expectInternal,
  },

  rst_during_data: {
    async answer(connection, streamId, response) {
      connection.sendHead(streamId)
      await connection.sendData(streamId, response.subarray(0, response.length / 2))
      reset(connection, streamId)
    },
    call: expectInternal,
  },

  rst_after_data: {
    async answer(connection, streamId, response) {
      connection.sendHead(streamId)
      await connection.sendData(streamId, response)
      reset(connection, streamId)
    },
    call: expectInternal,
  },

  ping: {
    async answer(connection, streamId, response) {
      connection.sendPing()
      connection.sendHead(streamId)
      connection.sendPing()
      await connection.sendData(streamId, response)
      connection.sendPing()
      connection.sendTrailers(streamId)
    },
    expect({ connections }) {
      assert.deepEqual(
        connections.map(({ unansweredPings }) => unansweredPings),
        [0],
      )
    },
  },

  max_streams: {
    settings: [[SETTINGS_MAX_CONCURRENT_STREAMS, 1]],
    async call(transport) {
      await callOnce(transport)
      await Promise.all(Array.from({ length: CONCURRENT_CALLS }, () => callOnce(transport)))
    },
    expect({ connections }) {
      assert.deepEqual(
        connections.map(({ mostOpenStreams }) => mostOpenStreams),
        [1],
      )
    },
  },

  data_frame_padding: {
    async answer(connection, streamId, response) {
      connection.sendHead(streamId)
      await connection.sendData(streamId, response, { ...TINY_CHUNK, padding: MAX_PADDING })
      connection.sendTrailers(streamId)
    },
  },

  no_df_padding_sanity_test: {
    async answer(connection, streamId, response) {
      connection.sendHead(streamId)
      await connection.sendData(streamId, response, TINY_CHUNK)
      connection.sendTrailers(streamId)
    },
  },
}

/** Those that grpc-go's client has; it expects UNKNOWN for `rst_during_data`, which is INTERNAL in gRPC's mapping. */
const CASES_OF_GRPC_GO = ['goaway', 'rst_after_header', 'rst_after_data', 'ping', 'max_streams'] as const

/** The tests with our client. */
export function http2NegativeChecks(): readonly Check[] {
  return Object.entries(CASES).map(([name, { call = callOnce, expect, ...behaviour }]) => ({
    name: `our client, a server that misbehaves: ${name}`,
    async run() {
      await using server = await startNegativeServer(behaviour)
      await callAndClose(server, call)
      expect?.(server)
    },
  }))
}

/** The same with grpc-go's client, to show that the server behaves as intended. */
export async function grpcGoHttp2NegativeChecks(): Promise<readonly Check[]> {
  const program = await installGoTool({ package: 'google.golang.org/grpc/interop/http2', version: 'v1.85.0' })
  return CASES_OF_GRPC_GO.map((name) => ({
    name: `grpc-go client, a server that misbehaves: ${name}`,
    async run() {
      const { expect, ...behaviour } = CASES[name] ?? {}
      await using server = await startNegativeServer(behaviour)
      const place = ['--server_host=127.0.0.1', `--server_port=${server.port}`]
      await runCommand({ program, args: [...place, `--test_case=${name}`] })
      expect?.(server)
    },
  }))
}

async function callAndClose(server: NegativeServer, call: (transport: Transport) => Promise<void>): Promise<void> {
  {
    await using transport = createTransport({ target: `ipv4:127.0.0.1:${server.port}` })
    await call(transport)
  }
  for (const { peer } of server.connections) await peer.ended()
}

function callOnce(transport: Transport): Promise<void> {
  return callLargeUnary(createClient(TestService, transport))
}

/** The call fails, and no part of the response reaches the caller. */
async function expectInternal(transport: Transport): Promise<void> {
  const error = await callOnce(transport).then(
    () => undefined,
    (reason: unknown) => ConnectError.from(reason),
  )
  assert.equal(error === undefined ? undefined : Code[error.code], Code[Code.Internal])
}

function reset({ peer }: NegativeConnection, streamId: number): void {
  peer.send(FrameType.RST_STREAM, FrameFlag.NONE, streamId, uint32(ErrorCode.NO_ERROR))
}
