/** Writes frames into a buffer at an offset. Each function returns the offset after the frame. */
import type { Buffer } from 'node:buffer'
import { FRAME_HEADER_BYTES, FrameFlag, FrameType } from './frame.ts'

/** Maximum length of the debug data of a GOAWAY. */
export const MAX_GOAWAY_REASON_BYTES = 64

/** Maximum length of the frames written here, except SETTINGS. */
export const MAX_CONTROL_FRAME_BYTES: number = FRAME_HEADER_BYTES + 8 + MAX_GOAWAY_REASON_BYTES

/** Writes a frame header (RFC 9113, section 4.1). */
export function writeFrameHeader(
  out: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  out[at] = length >>> 16
  out[at + 1] = length >>> 8
  out[at + 2] = length
  out[at + 3] = type
  out[at + 4] = flags
  return writeUint32(out, at + 5, streamId)
}

/** Writes SETTINGS with these (id, value) pairs, in this order. */
export function writeSettings(out: Buffer, at: number, settings: readonly (readonly [number, number])[]): number {
  let offset = writeFrameHeader(out, at, settings.length * 6, FrameType.SETTINGS, FrameFlag.NONE, 0)
  for (const [id, value] of settings) {
    out[offset] = id >>> 8
    out[offset + 1] = id
    offset = writeUint32(out, offset + 2, value)
  }
  return offset
}

/** Writes a SETTINGS ACK. */
export function writeSettingsAck(out: Buffer, at: number): number {
  return writeFrameHeader(out, at, 0, FrameType.SETTINGS, FrameFlag.ACK, 0)
}

/** Writes a PING with the 8 octets of `payload` from `start`. `flags` is ACK or NONE. */
export function writePing(out: Buffer, at: number, flags: number, payload: Buffer, start: number): number {
  const offset = writeFrameHeader(out, at, 8, FrameType.PING, flags, 0)
  payload.copy(out, offset, start, start + 8)
  return offset + 8
}

/** Writes a RST_STREAM. */
export function writeRstStream(out: Buffer, at: number, streamId: number, code: number): number {
  return writeUint32(out, writeFrameHeader(out, at, 4, FrameType.RST_STREAM, FrameFlag.NONE, streamId), code)
}

/** Writes a WINDOW_UPDATE. Stream 0 is the connection. */
export function writeWindowUpdate(out: Buffer, at: number, streamId: number, increment: number): number {
  return writeUint32(out, writeFrameHeader(out, at, 4, FrameType.WINDOW_UPDATE, FrameFlag.NONE, streamId), increment)
}

/** Writes a GOAWAY with the first 64 octets of `reason` (ASCII) as debug data. */
export function writeGoaway(out: Buffer, at: number, lastStreamId: number, code: number, reason: string): number {
  const payload = at + FRAME_HEADER_BYTES
  const end = payload + 8 + out.write(reason, payload + 8, MAX_GOAWAY_REASON_BYTES, 'latin1')
  writeFrameHeader(out, at, end - payload, FrameType.GOAWAY, FrameFlag.NONE, 0)
  writeUint32(out, payload, lastStreamId)
  writeUint32(out, payload + 4, code)
  return end
}

function writeUint32(out: Buffer, at: number, value: number): number {
  out[at] = value >>> 24
  out[at + 1] = value >>> 16
  out[at + 2] = value >>> 8
  out[at + 3] = value
  return at + 4
}
