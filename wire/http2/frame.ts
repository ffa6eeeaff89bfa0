/** The constants of HTTP/2 framing (RFC 9113, sections 3.4, 4.1 and 6), and the checks that several frame types share. */
import { Buffer } from 'node:buffer'
import { ConnectionError, ErrorCode } from './errors.ts'

/** The connection preface of clients. */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Length of the header that starts each frame. */
export const FRAME_HEADER_BYTES = 9

/** The largest payload that a peer must accept by default. We never announce more. */
export const DEFAULT_MAX_FRAME_SIZE = 16_384

/** The upper limit of SETTINGS_MAX_FRAME_SIZE. */
export const LARGEST_FRAME_SIZE = 16_777_215

/** The largest window, increment and stream id. */
export const MAX_31_BIT = 0x7fffffff

/** The initial window of streams and connections before SETTINGS and WINDOW_UPDATE change it. */
export const DEFAULT_WINDOW = 65_535

/** The frame types that this implementation knows. All others are ignored. */
export const FrameType = Object.freeze({
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
})

/** The flags of a frame header. The same bit means ACK on SETTINGS and PING, END_STREAM on DATA and HEADERS. */
export const FrameFlag = Object.freeze({
  NONE: 0x0,
  ACK: 0x1,
  END_STREAM: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
})

/** Requires the fixed length of a frame type. */
export function checkLength(length: number, expected: number): void {
  if (length !== expected) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'frame of wrong length')
}

/** Requires that the frame is on a stream. */
export function checkStream(streamId: number): void {
  if (streamId === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'frame of a stream on stream 0')
}

/** Requires that the frame is on stream 0. */
export function checkConnection(streamId: number): void {
  if (streamId !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'frame of the connection on a stream')
}

/** Rejects a stream that depends on itself (RFC 7540, section 5.3.1), an error that no honest peer makes. */
export function checkDependency(buffer: Buffer, at: number, streamId: number): void {
  if ((buffer.readUInt32BE(at) & MAX_31_BIT) === streamId) {
    throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'stream depends on itself')
  }
}

/** Requires that a raised send window is in range. */
export function checkWindow(window: number): void {
  if (window > MAX_31_BIT) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'window above 2^31-1')
}
