/** One connection of a server that speaks HTTP/2 frame by frame, and the state of its client. */
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import type { Frame } from '../support/http2-frames.ts'
import type { RawPeer } from '../support/raw-http2.ts'

/** How a message is cut into DATA frames. */
export interface DataShape {
  /** Octets of the message in a frame. Default 16,384. */
  readonly chunkBytes?: number
  /** Octets of padding in a frame, from 0 to 255. Default: frames are not padded. */
  readonly padding?: number
}

const SETTINGS_INITIAL_WINDOW_SIZE = 4
const DEFAULT_WINDOW = 65_535
const MAX_FRAME_BYTES = 16_384

/** It keeps to the client's windows, as every server must. */
export class NegativeConnection {
  readonly peer: RawPeer
  /** Requests that have begun and are not answered. */
  openStreams = 0
  /** The most that were open at once. */
  mostOpenStreams = 0
  /** Stream ids of the requests that came. */
  readonly streamIds: number[] = []
  readonly #sent = new Map<number, number>()
  readonly #granted = new Map<number, number>([[0, DEFAULT_WINDOW]])
  #initialWindow = DEFAULT_WINDOW
  #unansweredPings = 0
  #wake: (() => void)[] = []

  constructor(peer: RawPeer) {
    this.peer = peer
  }

  /** PINGs that the client has not acknowledged. */
  get unansweredPings(): number {
    return this.#unansweredPings
  }

  /** Calls back for each request that was read completely. Rejects when the connection ends. */
  async serve(onRequest: (streamId: number) => Promise<void>): Promise<void> {
    for (let count = 1; ; count++) this.#take(await this.peer.frame(() => true, count), onRequest)
  }

  sendHead(streamId: number): void {
    this.peer.headers(streamId, [
      [':status', '200'],
      ['content-type', 'application/grpc+proto'],
    ])
  }

  /** Settles when all is sent. Never does so when the client grants no room. */
  async sendData(
    streamId: number,
    data: Buffer,
    { chunkBytes = MAX_FRAME_BYTES, padding }: DataShape = {},
  ): Promise<void> {
    const overhead = padding === undefined ? 0 : padding + 1
    for (let at = 0; at < data.length; at += chunkBytes) {
      const chunk = data.subarray(at, at + chunkBytes)
      const cost = chunk.length + overhead
      while (this.#room(streamId) < cost || this.#room(0) < cost) await this.#roomGranted()
      this.#sent.set(streamId, (this.#sent.get(streamId) ?? 0) + cost)
      this.#sent.set(0, (this.#sent.get(0) ?? 0) + cost)
      if (padding === undefined) this.peer.send(FrameType.DATA, FrameFlag.NONE, streamId, chunk)
      else this.peer.send(FrameType.DATA, FrameFlag.PADDED, streamId, padded(chunk, padding))
    }
  }

  /** Ends the call with OK. */
  sendTrailers(streamId: number): void {
    this.peer.headers(streamId, [['grpc-status', '0']], FrameFlag.END_HEADERS | FrameFlag.END_STREAM)
    this.openStreams -= 1
  }

  sendPing(): void {
    this.#unansweredPings += 1
    this.peer.send(FrameType.PING, FrameFlag.NONE, 0, Buffer.alloc(8))
  }

  #take({ type, flags, streamId, payload }: Frame, onRequest: (streamId: number) => Promise<void>): void {
    if (type === FrameType.SETTINGS && flags === FrameFlag.NONE) this.#heed(payload)
    if (type === FrameType.WINDOW_UPDATE) this.#grant(streamId, payload.readUInt32BE(0))
    if (type === FrameType.PING && flags === FrameFlag.ACK) this.#unansweredPings -= 1
    if (type === FrameType.HEADERS) this.#begin(streamId)
    const isEnd = (flags & FrameFlag.END_STREAM) !== 0
    if (isEnd && (type === FrameType.HEADERS || type === FrameType.DATA)) {
      onRequest(streamId).catch(() => this.peer.close())
    }
  }

  #begin(streamId: number): void {
    this.streamIds.push(streamId)
    this.openStreams += 1
    this.mostOpenStreams = Math.max(this.mostOpenStreams, this.openStreams)
  }

  #heed(settings: Buffer): void {
    for (let at = 0; at < settings.length; at += 6) {
      if (settings.readUInt16BE(at) === SETTINGS_INITIAL_WINDOW_SIZE)
        this.#initialWindow = settings.readUInt32BE(at + 2)
    }
    this.#wakeAll()
  }

  #grant(streamId: number, increment: number): void {
    this.#granted.set(streamId, (this.#granted.get(streamId) ?? 0) + increment)
    this.#wakeAll()
  }

  #room(streamId: number): number {
    const base = streamId === 0 ? 0 : this.#initialWindow
    return base + (this.#granted.get(streamId) ?? 0) - (this.#sent.get(streamId) ?? 0)
  }

  #roomGranted(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

function padded(chunk: Buffer, padding: number): Buffer {
  return Buffer.concat([Buffer.from([padding]), chunk, Buffer.alloc(padding)])
}
