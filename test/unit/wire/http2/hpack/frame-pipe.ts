/** A bare HTTP/2 peer over an in-memory pipe: just the frames that carry header blocks to node:http2 and back. */

import type { Duplex } from 'node:stream'

const FrameType = { headers: 1, settings: 4, continuation: 9 } as const

const END_STREAM = 0x1
const ACK = 0x1
const END_HEADERS = 0x4
const PADDED = 0x8
const PRIORITY = 0x20
const HEADER_TABLE_SIZE = 1
const FRAME_HEADER_OCTETS = 9
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** What a frame pipe tells its owner. */
export interface FramePipeEvents {
  /** A whole header block has come, joined. */
  onBlock?(block: Buffer, streamId: number): void
  /** The peer's SETTINGS have come, with its table size if it names one; they are acknowledged after this returns. */
  onSettings?(headerTableSize: number | undefined): void
  /** The peer has acknowledged ours. */
  onAck?(): void
}

/** Reads and writes frames on `pipe`; flow control, limits and errors are not its concern. */
export class FramePipe {
  readonly #pipe: Duplex
  readonly #events: FramePipeEvents
  #waiting: Buffer = Buffer.alloc(0)
  #prefaceOctets: number
  #block: Buffer[] = []

  constructor(pipe: Duplex, role: 'client' | 'server', events: FramePipeEvents) {
    this.#pipe = pipe
    this.#events = events
    this.#prefaceOctets = role === 'server' ? PREFACE.length : 0
    if (role === 'client') pipe.write(PREFACE)
    pipe.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  sendSettings(headerTableSize?: number): void {
    const payload = Buffer.alloc(headerTableSize === undefined ? 0 : 6)
    if (headerTableSize !== undefined) {
      payload.writeUInt16BE(HEADER_TABLE_SIZE, 0)
      payload.writeUInt32BE(headerTableSize, 2)
    }
    this.#send(FrameType.settings, 0, { streamId: 0, payload })
  }

  /** Sends a block of up to 16,384 octets that is the whole message. */
  sendBlock(streamId: number, block: Buffer): void {
    this.#send(FrameType.headers, END_STREAM | END_HEADERS, { streamId, payload: block })
  }

  #send(type: number, flags: number, { streamId, payload }: { streamId: number; payload: Buffer }): void {
    const header = Buffer.alloc(FRAME_HEADER_OCTETS)
    header.writeUIntBE(payload.length, 0, 3)
    header[3] = type
    header[4] = flags
    header.writeUInt32BE(streamId, 5)
    this.#pipe.write(Buffer.concat([header, payload]))
  }

  #read(chunk: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, chunk])
    if (this.#waiting.length < this.#prefaceOctets) return
    this.#waiting = this.#waiting.subarray(this.#prefaceOctets)
    this.#prefaceOctets = 0
    while (this.#waiting.length >= FRAME_HEADER_OCTETS) {
      const end = FRAME_HEADER_OCTETS + this.#waiting.readUIntBE(0, 3)
      if (this.#waiting.length < end) return
      const frame = this.#waiting.subarray(0, end)
      this.#waiting = this.#waiting.subarray(end)
      this.#receive(frame)
    }
  }

  #receive(frame: Buffer): void {
    const type = frame[3]
    if (type === FrameType.settings) this.#receiveSettings(frame)
    if (type === FrameType.headers || type === FrameType.continuation) this.#receiveFragment(frame)
  }

  #receiveSettings(frame: Buffer): void {
    if ((frame.readUInt8(4) & ACK) !== 0) {
      this.#events.onAck?.()
      return
    }
    let tableSize: number | undefined
    for (let at = FRAME_HEADER_OCTETS; at < frame.length; at += 6) {
      if (frame.readUInt16BE(at) === HEADER_TABLE_SIZE) tableSize = frame.readUInt32BE(at + 2)
    }
    this.#events.onSettings?.(tableSize)
    this.#send(FrameType.settings, ACK, { streamId: 0, payload: Buffer.alloc(0) })
  }

  #receiveFragment(frame: Buffer): void {
    const flags = frame.readUInt8(4)
    const isHeaders = frame[3] === FrameType.headers
    const padding = isHeaders && (flags & PADDED) !== 0 ? frame.readUInt8(FRAME_HEADER_OCTETS) : undefined
    let start = FRAME_HEADER_OCTETS + (padding === undefined ? 0 : 1)
    if (isHeaders && (flags & PRIORITY) !== 0) start += 5
    this.#block.push(frame.subarray(start, frame.length - (padding ?? 0)))
    if ((flags & END_HEADERS) === 0) return
    const block = Buffer.concat(this.#block)
    this.#block = []
    this.#events.onBlock?.(block, frame.readUInt32BE(5))
  }
}
