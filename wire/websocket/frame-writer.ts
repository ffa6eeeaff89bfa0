/** Writes the frames of a server, which are not masked (RFC 6455, section 5.1). */
import { Buffer } from 'node:buffer'
import { CloseCode, LengthMark, MAX_CONTROL_BYTES, Opcode } from './frame.ts'

const FIN = 0x80
const CODE_BYTES = 2
/** Up to this size, copying a message behind its head is cheaper than passing two buffers. */
const MAX_COPIED_BYTES = 4_096

/** Returns the octets of a binary message in one frame, in one or two pieces. */
export function binaryFrame(data: Uint8Array): readonly Uint8Array[] {
  if (data.byteLength > MAX_COPIED_BYTES) return [headOf(Opcode.BINARY, data.byteLength, 0), data]
  const head = headOf(Opcode.BINARY, data.byteLength, data.byteLength)
  head.set(data, head.byteLength - data.byteLength)
  return [head]
}

/** Returns a PING or PONG. The payload has at most 125 octets. */
export function controlFrame(opcode: number, payload: Uint8Array): Buffer {
  const frame = headOf(opcode, payload.byteLength, payload.byteLength)
  frame.set(payload, frame.byteLength - payload.byteLength)
  return frame
}

/** Returns a CLOSE. A reason that is too long is cut between characters. */
export function closeFrame(code: number, reason = ''): Buffer {
  if (code === CloseCode.NO_CODE) return controlFrame(Opcode.CLOSE, Buffer.alloc(0))
  const payload = Buffer.alloc(MAX_CONTROL_BYTES)
  payload.writeUInt16BE(code)
  const bytes = payload.write(reason, CODE_BYTES, 'utf8')
  return controlFrame(Opcode.CLOSE, payload.subarray(0, CODE_BYTES + bytes))
}

/** Returns the head of a frame, followed by room for `room` octets. */
function headOf(opcode: number, bytes: number, room: number): Buffer {
  const extra = bytes > 0xffff ? 8 : bytes >= LengthMark.UINT16 ? 2 : 0
  const head = Buffer.allocUnsafe(2 + extra + room)
  head[0] = FIN | opcode
  head[1] = extra === 8 ? LengthMark.UINT64 : extra === 2 ? LengthMark.UINT16 : bytes
  if (extra === 2) head.writeUInt16BE(bytes, 2)
  if (extra === 8) {
    head.writeUInt32BE(Math.floor(bytes / 2 ** 32), 2)
    head.writeUInt32BE(bytes % 2 ** 32, 6)
  }
  return head
}
