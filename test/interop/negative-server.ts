/** A server of grpc.testing.TestService/UnaryCall that plays HTTP/2 frame by frame, so that it can break off where it likes. */
import { createServer } from 'node:net'
import { create, toBinary } from '@bufbuild/protobuf'
import { envelop } from '../../wire/envelope.ts'
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import { SimpleResponseSchema } from '../gen/grpc/testing/messages_pb.js'
import { RawPeer, settingsFrame, uint32 } from '../support/raw-http2.ts'
import { startListening } from '../support/start-listening.ts'
import { NegativeConnection } from './negative-connection.ts'

/** How the server differs from others. */
export interface NegativeBehaviour {
  /** Sent after the first SETTINGS, as ids and values. */
  readonly settings?: readonly (readonly [number, number])[]
  /** Responds to a request that was read completely. By default correctly. */
  answer?(connection: NegativeConnection, streamId: number, response: Buffer): Promise<void>
}

/** A server that listens. */
export interface NegativeServer extends AsyncDisposable {
  readonly port: number
  /** In order of arrival. */
  readonly connections: readonly NegativeConnection[]
}

const SETTINGS_INITIAL_WINDOW_SIZE = 4
const WIDE_WINDOW = 0x3fff_ffff
const RESPONSE_BYTES = 314_159

/** Listens on a free local port before it returns. Disposing of it cuts open connections. */
export async function startNegativeServer({ settings, answer }: NegativeBehaviour): Promise<NegativeServer> {
  const connections: NegativeConnection[] = []
  const server = createServer({ noDelay: true }, (socket) => {
    const peer = new RawPeer(socket, true)
    peer.hello({ isClient: false, settings: [[SETTINGS_INITIAL_WINDOW_SIZE, WIDE_WINDOW]] })
    peer.send(FrameType.WINDOW_UPDATE, FrameFlag.NONE, 0, uint32(WIDE_WINDOW))
    if (settings !== undefined) peer.raw(settingsFrame(settings))
    const connection = new NegativeConnection(peer)
    connections.push(connection)
    connection
      .serve((streamId) => (answer ?? answerWell)(connection, streamId, largeResponse()))
      .catch(() => peer.close())
  })
  const { port, close } = await startListening(server)
  return { port, connections, [Symbol.asyncDispose]: close }
}

/** What every server does. */
export async function answerWell(connection: NegativeConnection, streamId: number, response: Buffer): Promise<void> {
  connection.sendHead(streamId)
  await connection.sendData(streamId, response)
  connection.sendTrailers(streamId)
}

/** The response to a large unary call, in its envelope. */
function largeResponse(): Buffer {
  const response = create(SimpleResponseSchema, { payload: { body: new Uint8Array(RESPONSE_BYTES) } })
  return Buffer.from(envelop(0, toBinary(SimpleResponseSchema, response)))
}
