/** A peer that sends valid or invalid HTTP/2 frames over a real socket, for tests of session responses. */
import { once } from 'node:events'
import net from 'node:net'
import { errorCodeName } from '../../wire/http2/errors.ts'
import { DEFAULT_MAX_FRAME_SIZE, FrameFlag, FrameType, PREFACE } from '../../wire/http2/frame.ts'
import { writeSettings } from '../../wire/http2/frame-writer.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { encodeFrame, encodeHeaderBlock, type Frame } from './http2-frames.ts'

/** Fields in sending order. */
export type RawFields = readonly (readonly [name: string, value: string])[]

/** The other end of the session under test. */
export class RawPeer {
  /** All frames received so far. */
  readonly frames: Frame[] = []
  readonly socket: net.Socket
  isEnded = false
  private readonly splitter: FrameSplitter
  private waiting: (() => void)[] = []
  private marks = 0

  /** With `skipsPreface`, as for a server, the client's preface is skipped. */
  constructor(socket: net.Socket, skipsPreface: boolean) {
    this.socket = socket
    this.splitter = new FrameSplitter(skipsPreface)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.take(chunk))
    socket.on('close', () => this.end())
    socket.on('end', () => this.end())
  }

  /** Sends bytes unchanged. */
  raw(...octets: (Buffer | readonly number[])[]): void {
    this.socket.write(Buffer.concat(octets.map((part) => Buffer.from(part as Buffer))))
  }

  send(type: number, flags: number, streamId: number, payload: Buffer | readonly number[] = []): void {
    this.socket.write(frame(type, flags, streamId, payload))
  }

  /** The client preface, SETTINGS and the acknowledgement of the peer's SETTINGS. */
  hello(options: { isClient: boolean; settings?: readonly (readonly [number, number])[] }): void {
    this.raw(
      options.isClient ? PREFACE : [],
      settingsFrame(options.settings ?? []),
      frame(FrameType.SETTINGS, FrameFlag.ACK, 0),
    )
  }

  /** HEADERS, with CONTINUATIONs if needed; `flags` replaces END_HEADERS. */
  headers(streamId: number, fields: RawFields, flags: number = FrameFlag.END_HEADERS): void {
    this.socket.write(headers(streamId, fields, flags))
  }

  /** Waits for the nth matching frame; fails if the connection ends before it. */
  async frame(matches: (frame: Frame) => boolean, count = 1): Promise<Frame> {
    for (;;) {
      const found = this.frames.filter(matches)[count - 1]
      if (found !== undefined) return found
      if (this.isEnded) throw new Error(`the connection ended; received ${this.frames.map(describeFrame).join(', ')}`)
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
  }

  /** Waits until everything sent has been processed: for a PING ACK, or the end. */
  async settled(): Promise<void> {
    const mark = Buffer.alloc(8)
    mark.writeUInt32BE(++this.marks, 4)
    this.send(FrameType.PING, FrameFlag.NONE, 0, mark)
    const isAnswer = (f: Frame) => f.type === FrameType.PING && f.flags === FrameFlag.ACK && f.payload.equals(mark)
    await this.frame((f) => isAnswer(f) || f.type === FrameType.GOAWAY).catch(() => {})
  }

  /** `C code` if the connection was closed, `S code` if a stream was reset, otherwise `fine`. */
  async verdict(): Promise<string> {
    await this.settled()
    const goaway = this.frames.find((f) => f.type === FrameType.GOAWAY)
    if (goaway !== undefined) return `C ${errorCodeName(goaway.payload.readUInt32BE(4))}`
    const reset = this.frames.find((f) => f.type === FrameType.RST_STREAM)
    return reset === undefined ? 'fine' : `S ${errorCodeName(reset.payload.readUInt32BE(0))}`
  }

  /** Waits until the peer has closed. */
  async ended(): Promise<void> {
    while (!this.isEnded) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  close(): void {
    this.socket.destroy()
  }

  private end(): void {
    this.isEnded = true
    this.wake()
  }

  private take(chunk: Buffer): void {
    this.frames.push(...this.splitter.take(chunk))
    this.wake()
  }

  private wake(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const resolve of waiting) resolve()
  }
}

/** One frame as bytes. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer | readonly number[] = []): Buffer {
  return encodeFrame({ type, flags, streamId, payload: Buffer.from(payload as Buffer) })
}

/** HEADERS in one frame as bytes; `flags` replaces END_HEADERS. */
export function headers(streamId: number, fields: RawFields, flags: number = FrameFlag.END_HEADERS): Buffer {
  const block = encodeHeaderBlock(fields)
  if (block.byteLength <= DEFAULT_MAX_FRAME_SIZE) return frame(FrameType.HEADERS, flags, streamId, block)
  const first = block.subarray(0, DEFAULT_MAX_FRAME_SIZE)
  const frames = [frame(FrameType.HEADERS, flags & ~FrameFlag.END_HEADERS, streamId, first)]
  for (let at = DEFAULT_MAX_FRAME_SIZE; at < block.byteLength; at += DEFAULT_MAX_FRAME_SIZE) {
    const isLast = at + DEFAULT_MAX_FRAME_SIZE >= block.byteLength
    const rest = block.subarray(at, at + DEFAULT_MAX_FRAME_SIZE)
    frames.push(frame(FrameType.CONTINUATION, isLast ? flags & FrameFlag.END_HEADERS : FrameFlag.NONE, streamId, rest))
  }
  return Buffer.concat(frames)
}

/** A SETTINGS frame as bytes. */
export function settingsFrame(settings: readonly (readonly [number, number])[]): Buffer {
  const out = Buffer.alloc(9 + settings.length * 6)
  writeSettings(out, 0, settings)
  return out
}

/** Four bytes, big endian. */
export function uint32(value: number): Buffer {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(value)
  return out
}

/** Both ends of one local TCP connection. */
export async function socketPair(): Promise<{ near: net.Socket; far: net.Socket }> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const far = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const [[near]] = (await Promise.all([once(server, 'connection'), once(far, 'connect')])) as [[net.Socket], unknown]
  server.close()
  return { near, far }
}

function describeFrame(f: Frame): string {
  return `type ${f.type} flags ${f.flags} stream ${f.streamId} (${f.payload.length})`
}
