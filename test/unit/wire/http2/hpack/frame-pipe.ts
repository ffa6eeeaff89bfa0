/** A bare HTTP/2 peer over an in-memory pipe: just the frames that carry header blocks to node:http2 and back. */
import type { Duplex } from 'node:stream'
import { FrameSplitter } from '../../../../support/frame-splitter.ts'
import { encodeFrame, FLAG, FRAME, type Frame, PREFACE } from '../../../../support/http2-frames.ts'

const PADDED = 0x8
const PRIORITY = 0x20
const HEADER_TABLE_SIZE = 1

/** The events of a frame pipe. */
export interface FramePipeEvents {
  /** A complete header block, joined. */
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
  #block: Buffer[] = []

  constructor(pipe: Duplex, role: 'client' | 'server', events: FramePipeEvents) {
    this.#pipe = pipe
    this.#events = events
    const splitter = new FrameSplitter(role === 'server')
    if (role === 'client') pipe.write(PREFACE)
    pipe.on('data', (chunk: Buffer) => {
      for (const frame of splitter.take(chunk)) this.#receive(frame)
    })
  }

  sendSettings(headerTableSize?: number): void {
    const payload = Buffer.alloc(headerTableSize === undefined ? 0 : 6)
    if (headerTableSize !== undefined) {
      payload.writeUInt16BE(HEADER_TABLE_SIZE, 0)
      payload.writeUInt32BE(headerTableSize, 2)
    }
    this.#send(FRAME.SETTINGS, FLAG.NONE, { streamId: 0, payload })
  }

  /** Sends a block of up to 16,384 octets as the complete message. */
  sendBlock(streamId: number, block: Buffer): void {
    this.#send(FRAME.HEADERS, FLAG.END_STREAM | FLAG.END_HEADERS, { streamId, payload: block })
  }

  #send(type: number, flags: number, { streamId, payload }: Pick<Frame, 'streamId' | 'payload'>): void {
    this.#pipe.write(encodeFrame({ type, flags, streamId, payload }))
  }

  #receive(frame: Frame): void {
    if (frame.type === FRAME.SETTINGS) this.#receiveSettings(frame)
    if (frame.type === FRAME.HEADERS || frame.type === FRAME.CONTINUATION) this.#receiveFragment(frame)
  }

  #receiveSettings({ flags, payload }: Frame): void {
    if ((flags & FLAG.ACK) !== 0) {
      this.#events.onAck?.()
      return
    }
    let tableSize: number | undefined
    for (let at = 0; at < payload.length; at += 6) {
      if (payload.readUInt16BE(at) === HEADER_TABLE_SIZE) tableSize = payload.readUInt32BE(at + 2)
    }
    this.#events.onSettings?.(tableSize)
    this.#send(FRAME.SETTINGS, FLAG.ACK, { streamId: 0, payload: Buffer.alloc(0) })
  }

  #receiveFragment({ type, flags, streamId, payload }: Frame): void {
    const isHeaders = type === FRAME.HEADERS
    const padding = isHeaders && (flags & PADDED) !== 0 ? payload.readUInt8(0) : undefined
    let start = padding === undefined ? 0 : 1
    if (isHeaders && (flags & PRIORITY) !== 0) start += 5
    this.#block.push(payload.subarray(start, payload.length - (padding ?? 0)))
    if ((flags & FLAG.END_HEADERS) === 0) return
    const block = Buffer.concat(this.#block)
    this.#block = []
    this.#events.onBlock?.(block, streamId)
  }
}
