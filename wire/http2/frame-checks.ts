/** What several kinds of frame are checked for; each check throws the ConnectionError that RFC 9113 asks for. */
import type { Buffer } from 'node:buffer'
import { ConnectionError, ErrorCode } from './errors.ts'
import { MAX_31_BIT } from './frame.ts'

/** The frame has a fixed length. */
export function checkLength(length: number, expected: number): void {
  if (length !== expected) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'frame of wrong length')
}

/** The frame belongs to a stream. */
export function checkStream(streamId: number): void {
  if (streamId === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'frame of a stream on stream 0')
}

/** The frame belongs to the connection. */
export function checkConnection(streamId: number): void {
  if (streamId !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'frame of the connection on a stream')
}

/** A stream cannot depend on itself (RFC 7540, section 5.3.1): an error that no honest peer makes. */
export function checkDependency(buffer: Buffer, at: number, streamId: number): void {
  if ((buffer.readUInt32BE(at) & MAX_31_BIT) === streamId) {
    throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'stream depends on itself')
  }
}

/** A send window was raised. */
export function checkWindow(window: number): void {
  if (window > MAX_31_BIT) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'window above 2^31-1')
}
