/** Sends a generated call, and records the result in a comparable form. */
import { createHash } from 'node:crypto'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type Exchanged, exchangeHttp1, readHttp2 } from '../exchange.ts'
import type { GeneratedCall } from './call-generator.ts'
import type { CommandedService } from './commanded-service.ts'
import { DEADLINE } from './oddities.ts'

/** Facts by name: `status`, `header NAME`, `trailer NAME`, `message N`, `end code`, `end message`, `served`, ... */
export type Observation = ReadonlyMap<string, string>

/** One of the compared servers, with its own client. */
export class ObservedServer {
  readonly #origin: string
  readonly #service: CommandedService
  #session: ClientHttp2Session | undefined

  constructor(origin: string, service: CommandedService) {
    this.#origin = origin
    this.#service = service
  }

  async observe(call: GeneratedCall): Promise<Observation> {
    const facts = new Map<string, string>()
    try {
      noteAnswer(facts, call, await this.#send(call))
    } catch (error) {
      facts.set('failure', String((error as NodeJS.ErrnoException).code ?? error))
    }
    if (!call.oddities.includes(DEADLINE)) facts.set('served', await this.#service.seen(call.id))
    return facts
  }

  close(): void {
    this.#session?.destroy()
  }

  #send(call: GeneratedCall): Promise<Exchanged> {
    if (call.httpVersion === '1.1') return exchangeHttp1(this.#origin, call.init)
    const { path, method, headers, body } = call.init
    const fields = { ':path': path, ':method': method, ...headers }
    const stream = this.#open().request(fields, { endStream: body === undefined })
    const answer = readHttp2(stream)
    if (body !== undefined) stream.end(body)
    if (call.cancels) void this.#service.begun(call.id).then(() => stream.close(constants.NGHTTP2_CANCEL))
    return answer
  }

  /** One session for all calls, replaced once it is closed. */
  #open(): ClientHttp2Session {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) {
      this.#session = connect(this.#origin)
      this.#session.on('error', () => {})
    }
    return this.#session
  }
}

/** Headers that depend on connection and time, not on the call. */
const PASSING = new Set([':status', 'date', 'connection', 'keep-alive', 'transfer-encoding', 'content-length'])
const STATUS_FIELDS: Readonly<Record<string, string>> = {
  'grpc-status': 'end code',
  'grpc-message': 'end message',
  'grpc-status-details-bin': 'end details',
}
const INFLATE: Readonly<Record<string, (data: Buffer) => Buffer>> = { gzip: gunzipSync, zstd: zstdDecompressSync }
const TRAILER_FLAG = 0x80
const END_STREAM_FLAG = 2
const COMPRESSED_FLAG = 1
const PREFIX_BYTES = 5

type Facts = Map<string, string>

function noteAnswer(facts: Facts, call: GeneratedCall, answer: Exchanged): void {
  facts.set('status', String(answer.status))
  noteFields(facts, 'header', answer.headers)
  noteFields(facts, 'trailer', answer.trailers)
  const type = String(answer.headers['content-type'] ?? '')
  if (/^application\/(grpc|connect\+)/.test(type)) noteEnvelopes(facts, answer, bodyOf(type, answer.body))
  else if (call.protocol.startsWith('connect-') && type === 'application/json') noteJson(facts, answer)
  else if (answer.body.length > 0) facts.set('message 0', digest(inflate(answer, 'content-encoding', answer.body)))
}

function noteFields(facts: Facts, kind: string, fields: Exchanged['headers']): void {
  for (const [name, value] of Object.entries(fields)) {
    if (PASSING.has(name) || value === undefined) continue
    setField(facts, kind, name, String(value))
    if (name === 'grpc-status') facts.set('end in', kind)
  }
}

function bodyOf(type: string, body: Buffer): Buffer {
  if (!type.startsWith('application/grpc-web-text')) return body
  // Padding may occur wherever the server flushed.
  const quanta = body.toString('latin1').match(/.{1,4}/gs) ?? []
  return Buffer.concat(quanta.map((quantum) => Buffer.from(quantum, 'base64')))
}

function noteEnvelopes(facts: Facts, answer: Exchanged, body: Buffer): void {
  let at = 0
  for (let count = 0; body.length - at >= PREFIX_BYTES; count++) {
    const flags = body.readUInt8(at)
    const end = at + PREFIX_BYTES + body.readUInt32BE(at + 1)
    noteEnvelope(facts, { count, flags, data: body.subarray(at + PREFIX_BYTES, end) }, answer)
    at = end
  }
  if (at !== body.length) facts.set('rest', String(body.length - at))
}

interface Envelope {
  readonly count: number
  readonly flags: number
  readonly data: Buffer
}

function noteEnvelope(facts: Facts, { count, flags, data }: Envelope, answer: Exchanged): void {
  if ((flags & TRAILER_FLAG) !== 0) noteLines(facts, data.toString('latin1'))
  else if ((flags & END_STREAM_FLAG) !== 0) noteEndStream(facts, data.toString())
  else {
    const isConnect = String(answer.headers['content-type']).startsWith('application/connect')
    const encoding = isConnect ? 'connect-content-encoding' : 'grpc-encoding'
    const plain = (flags & COMPRESSED_FLAG) === 0 ? data : inflate(answer, encoding, data)
    facts.set(`message ${count}`, `${plain === data ? 'plain' : 'compressed'} ${digest(plain)}`)
  }
}

function noteLines(facts: Facts, text: string): void {
  for (const line of text.split('\r\n')) {
    if (line === '') continue
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    setField(facts, 'trailer', name, line.slice(colon + 1).trim())
  }
  facts.set('end in', 'trailer')
}

/** Compares grpc-message by its text: servers may escape more than required (gRPC over HTTP/2, Percent-Encoded). */
function setField(facts: Facts, kind: string, name: string, value: string): void {
  const fact = STATUS_FIELDS[name] ?? `${kind} ${name}`
  if (name === 'grpc-message') {
    facts.set(fact, textOf(decodeURIComponent(value)))
    return
  }
  const before = facts.get(fact)
  facts.set(fact, before === undefined ? value : `${before}, ${value}`)
}

/** Each hidden error has its own id. */
function textOf(message: string): string {
  return message.replace(/^internal error [0-9a-f-]{36}$/, 'internal error ID')
}

interface ErrorJson {
  readonly code?: string
  readonly message?: string
  readonly details?: readonly { readonly value?: string }[]
}

function noteEndStream(facts: Facts, text: string): void {
  const { error, metadata = {} } = JSON.parse(text) as { error?: ErrorJson; metadata?: Record<string, string[]> }
  noteError(facts, error ?? { code: 'ok' })
  for (const [name, values] of Object.entries(metadata)) facts.set(`trailer ${name}`, values.join(', '))
}

/** A message or an error, depending on the status. */
function noteJson(facts: Facts, answer: Exchanged): void {
  const body = inflate(answer, 'content-encoding', answer.body)
  if (answer.status === 200 || body.length === 0) facts.set('message 0', digest(body))
  else noteError(facts, JSON.parse(body.toString()) as ErrorJson)
}

function noteError(facts: Facts, { code = '', message, details = [] }: ErrorJson): void {
  facts.set('end code', code)
  if (message !== undefined) facts.set('end message', textOf(message))
  if (details.length > 0) facts.set('end details', details.map(({ value }) => value).join())
}

function inflate({ headers }: Exchanged, field: string, data: Buffer): Buffer {
  const pack = INFLATE[String(headers[field])]
  return pack === undefined || data.length === 0 ? data : pack(data)
}

function digest(data: Buffer): string {
  if (data.length <= 60) return data.toString('latin1')
  return `${data.length} bytes, sha256 ${createHash('sha256').update(data).digest('hex').slice(0, 16)}`
}
