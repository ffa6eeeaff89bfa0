/** A raw HTTP/2 client that makes valid and invalid gRPC calls to a listening port. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import { SAY_HELLO, sayHello } from './calls.ts'
import { frame, headers, type RawFields, RawPeer, uint32 } from './raw-http2.ts'

/** How it introduces itself. */
export interface RawCallerOptions {
  readonly settings?: readonly (readonly [number, number])[]
  /** Default: true. */
  readonly saysHello?: boolean
}

/** A body that is exactly one call of SayHello. */
export const HELLO_BODY = Buffer.from(sayHello('grpc').body ?? '')

/** Connects. The connection is cut when the running test ends. */
export async function openRawCaller(port: number, options: RawCallerOptions = {}): Promise<RawPeer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  const peer = new RawPeer(socket, false)
  if (options.saysHello ?? true) peer.hello({ isClient: true, settings: options.settings ?? [] })
  return peer
}

/** The headers of a gRPC call. */
export function callFields(path = SAY_HELLO, more: RawFields = []): RawFields {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...more,
  ]
}

/** HEADERS of a call whose body follows later. */
export function openCall(streamId: number, path = SAY_HELLO, more: RawFields = []): Buffer {
  return headers(streamId, callFields(path, more))
}

/** A complete call of SayHello. */
export function wholeCall(streamId: number): Buffer {
  return Buffer.concat([openCall(streamId), frame(FrameType.DATA, FrameFlag.END_STREAM, streamId, HELLO_BODY)])
}

/** RST_STREAM with CANCEL. */
export function cancel(streamId: number): Buffer {
  return frame(FrameType.RST_STREAM, FrameFlag.NONE, streamId, uint32(8))
}
