/** One hand-written HTTP/2 request, and its response, for headers that no library would send. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { errorCodeName } from '../../wire/http2/errors.ts'
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import { HpackDecoder } from '../../wire/http2/hpack/hpack-decoder.ts'
import type { Frame } from './http2-frames.ts'
import { frame, headers, type RawFields, RawPeer, uint32 } from './raw-http2.ts'

/** A request as bytes. */
export interface RawRequest {
  readonly fields: RawFields
  /** Default: none. */
  readonly body?: string
  /** Default: none. */
  readonly trailers?: RawFields
}

/** The response. */
export interface RawAnswer {
  /** 0 without a response. */
  readonly status: number
  readonly fields: RawFields
  readonly trailers: RawFields
  readonly body: string
  /** `S CODE` for a reset stream, `C CODE` for a closed connection; otherwise `fine`. */
  readonly end: string
}

const STREAM = 1
const INITIAL_WINDOW_SIZE = 4
/** Large enough for every response of a test. */
const WINDOW_BYTES = 4_194_304

/** Sends one request on its own connection. */
export async function askRaw(port: number, request: RawRequest): Promise<RawAnswer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const peer = new RawPeer(socket, false)
  peer.hello({ isClient: true, settings: [[INITIAL_WINDOW_SIZE, WINDOW_BYTES]] })
  peer.send(FrameType.WINDOW_UPDATE, FrameFlag.NONE, 0, uint32(WINDOW_BYTES))
  peer.raw(...framesOf(request))
  const last = await peer.frame(endsExchange).catch(() => undefined)
  socket.destroy()
  return answerOf(peer.frames, last)
}

function framesOf({ fields, body, trailers }: RawRequest): Buffer[] {
  const isHeadAll = body === undefined && trailers === undefined
  const frames = [headers(STREAM, fields, FrameFlag.END_HEADERS | (isHeadAll ? FrameFlag.END_STREAM : 0))]
  if (body !== undefined) {
    const flags = trailers === undefined ? FrameFlag.END_STREAM : FrameFlag.NONE
    frames.push(frame(FrameType.DATA, flags, STREAM, Buffer.from(body, 'latin1')))
  }
  if (trailers !== undefined) frames.push(headers(STREAM, trailers, FrameFlag.END_HEADERS | FrameFlag.END_STREAM))
  return frames
}

function endsExchange({ type, flags, streamId }: Frame): boolean {
  if (type === FrameType.GOAWAY) return true
  if (streamId !== STREAM) return false
  const mayEnd = type === FrameType.HEADERS || type === FrameType.DATA
  return type === FrameType.RST_STREAM || (mayEnd && (flags & FrameFlag.END_STREAM) !== 0)
}

function answerOf(frames: readonly Frame[], last: Frame | undefined): RawAnswer {
  const decoder = new HpackDecoder({ maxTableSize: 4_096, maxHeaderListSize: 65_536, maxFields: 200 })
  const own = frames.filter(({ streamId }) => streamId === STREAM)
  const blocks = headerBlocks(own)
    .map((block) => decoder.decode(block, 0, block.length).fields.map(({ name, value }) => [name, value] as const))
    .filter((fields) => !/^1/.test(fields[0]?.[1] ?? ''))
  const body = own.filter(({ type }) => type === FrameType.DATA).map(({ payload }) => payload)
  const [fields = [], trailers = []] = blocks
  return {
    status: Number(fields[0]?.[1] ?? 0),
    fields,
    trailers,
    body: Buffer.concat(body).toString('latin1'),
    end: endOf(last),
  }
}

/** HEADERS and its CONTINUATIONs, joined. */
function headerBlocks(frames: readonly Frame[]): Buffer[] {
  const blocks: Buffer[] = []
  for (const { type, payload } of frames) {
    if (type === FrameType.HEADERS) blocks.push(payload)
    if (type === FrameType.CONTINUATION) blocks.push(Buffer.concat([blocks.pop() ?? Buffer.alloc(0), payload]))
  }
  return blocks
}

function endOf(last: Frame | undefined): string {
  if (last === undefined) return 'C'
  if (last.type === FrameType.GOAWAY) return `C ${errorCodeName(last.payload.readUInt32BE(4))}`
  return last.type === FrameType.RST_STREAM ? `S ${errorCodeName(last.payload.readUInt32BE(0))}` : 'fine'
}
