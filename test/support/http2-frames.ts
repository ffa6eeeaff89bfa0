/** Writes and reads HTTP/2 frames by hand (RFC 9113 section 4), for peers that no library can simulate. */

/** The client connection preface, without its SETTINGS. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Frame types. */
export const FRAME = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7, CONTINUATION: 9 } as const

/** Frame flags. */
export const FLAG = { NONE: 0, END_STREAM: 1, ACK: 1, END_HEADERS: 4 } as const

/** One frame. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

const HEAD_BYTES = 9

/** Encodes one frame; everything but the type is optional. */
export function encodeFrame(frame: Partial<Frame> & Pick<Frame, 'type'>): Buffer {
  const { type, flags = 0, streamId = 0, payload = Buffer.alloc(0) } = frame
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

/** Encodes fields as literals without indexing and without Huffman coding (RFC 7541 section 6.2.2). */
export function encodeHeaderBlock(fields: Iterable<readonly [name: string, value: string]>): Buffer {
  const parts: Buffer[] = []
  for (const [name, value] of fields) parts.push(Buffer.from([0]), hpackString(name), hpackString(value))
  return Buffer.concat(parts)
}

/** The complete frames in these bytes. */
export function decodeFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  let at = 0
  while (bytes.length - at >= HEAD_BYTES) {
    const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3)
    if (end > bytes.length) break
    frames.push({
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      streamId: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + HEAD_BYTES, end),
    })
    at = end
  }
  return frames
}

/** The error code of a GOAWAY frame. */
export function goawayCode(frame: Frame): number {
  return frame.payload.readUInt32BE(4)
}

function hpackString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([hpackInteger(bytes.length), bytes])
}

/** An integer with a 7-bit prefix (RFC 7541 section 5.1). */
function hpackInteger(value: number): Buffer {
  const most = 0x7f
  if (value < most) return Buffer.from([value])
  const bytes = [most]
  let rest = value - most
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return Buffer.from([...bytes, rest])
}
