/** Frames of WebSocket as a client sends them, also those that no library would send, and the frames of a server. */

/** What a frame of a client consists of. */
export interface ClientFrame {
  readonly opcode: number
  readonly payload?: Uint8Array
  /** Default: true. */
  readonly isLast?: boolean
  /** The three reserved bits. Default: 0. */
  readonly reserved?: number
  /** Default: true. */
  readonly isMasked?: boolean
  /** The length that the head states, which may not be that of the payload. */
  readonly length?: number | bigint
  /** The form of the length. Default: the shortest. */
  readonly lengthBytes?: 0 | 2 | 8
}

const MASK = Buffer.from([0x11, 0x82, 0x43, 0xf4])

/** Encodes a frame. */
export function clientFrame(frame: ClientFrame): Buffer {
  const { opcode, payload = new Uint8Array(0), isLast = true, reserved = 0, isMasked = true } = frame
  const length = BigInt(frame.length ?? payload.length)
  const form = frame.lengthBytes ?? (length > 0xffffn ? 8 : length > 125n ? 2 : 0)
  const short = form === 8 ? 127 : form === 2 ? 126 : Number(length)
  const head = Buffer.from([(isLast ? 0x80 : 0) | (reserved << 4) | opcode, (isMasked ? 0x80 : 0) | short])
  const long = Buffer.alloc(form)
  if (form === 2) long.writeUInt16BE(Number(length))
  if (form === 8) long.writeBigUInt64BE(length)
  if (!isMasked) return Buffer.concat([head, long, payload])
  const masked = payload.map((octet, at) => octet ^ (MASK[at % 4] as number))
  return Buffer.concat([head, long, MASK, masked])
}

/** A binary message in one frame. */
export function binary(...octets: (Uint8Array | string | number)[]): Buffer {
  return clientFrame({ opcode: 2, payload: concat(octets) })
}

/** A close frame. */
export function close(code?: number, reason = ''): Buffer {
  const payload =
    code === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)])
  return clientFrame({ opcode: 8, payload })
}

/** Joins octets, latin1 texts, and single octets. */
export function concat(parts: readonly (Uint8Array | string | number)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.from([part])
      return typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part)
    }),
  )
}

/** A frame of a server. */
export interface ServerFrame {
  readonly opcode: number
  readonly isLast: boolean
  readonly payload: Buffer
}

/** Decodes the frames of a server, up to one that is incomplete. */
export function serverFrames(octets: Buffer): ServerFrame[] {
  const frames: ServerFrame[] = []
  let at = 0
  while (octets.length - at >= 2) {
    const [first, second] = [octets[at] as number, octets[at + 1] as number]
    if (second & 0x80) throw new Error('a masked frame of a server')
    const form = second === 127 ? 8 : second === 126 ? 2 : 0
    if (octets.length - at < 2 + form) break
    const length = form === 0 ? second : octets.readUIntBE(form === 8 ? at + 4 : at + 2, form === 8 ? 6 : 2)
    const start = at + 2 + form
    if (octets.length < start + length) break
    frames.push({ opcode: first & 0xf, isLast: first >= 0x80, payload: octets.subarray(start, start + length) })
    at = start + length
  }
  return frames
}

/** The code of the first close frame; undefined without one, or without a code. */
export function closeCodeOf(frames: readonly ServerFrame[]): number | undefined {
  const payload = frames.find(({ opcode }) => opcode === 8)?.payload
  return payload === undefined || payload.length < 2 ? undefined : payload.readUInt16BE()
}
