/** Streams of fake connections: the test acts as the server, in the protocol of the request. */

import { Buffer } from 'node:buffer'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import { envelop } from '../../wire/envelope.ts'
import type { OctetRange } from '../../wire/http2/http2.ts'
import {
  type HeaderField,
  type HeaderSource,
  HeaderTemplate,
  type Http2Stream,
  headerField,
  type MemoryBudget,
  ProcessMemory,
  type ResponseHead,
  type StreamReset,
  type StreamSink,
} from '../../wire/http2/http2.ts'
import { parseConnectTimeout, parseGrpcTimeout } from '../../wire/timeout-header.ts'

/** One request, and the response that the test gives. */
export class FakeStream implements Http2Stream {
  /** 0: the request never left the client. */
  id = 1
  readonly budget: MemoryBudget = { memory: new ProcessMemory(), processBufferBytes: Number.MAX_SAFE_INTEGER }
  readonly openedAtMs = 0
  /** What the test reports as sent. */
  sentBytes = 0
  readonly areTrailersCut = false
  readonly deadlineAtMs = Number.POSITIVE_INFINITY
  addsDate = false
  /** The request headers, by field name. */
  readonly head: Readonly<Record<string, unknown>>
  sink: StreamSink | null
  isPeerDone = false
  trailers: readonly HeaderField[] | null = null
  /** The body of the request. */
  sent = Buffer.alloc(0)
  /** The client cancelled, with this code. */
  resetCode: number | undefined
  #received = Buffer.alloc(0)
  #wanted = 0
  #hasHead = false

  constructor(head: HeaderSource, sink: StreamSink) {
    const fields = head instanceof HeaderTemplate ? head.fields : head
    this.head = Object.fromEntries(fields.map(({ name, value }) => [name, value]))
    this.sink = sink
  }

  get readableBytes(): number {
    return this.#received.byteLength
  }

  /** The request message, without its envelope. */
  get message(): Uint8Array {
    return this.#isBare ? this.sent : this.sent.subarray(5)
  }

  /** The timeout in the request, in milliseconds; undefined without one. */
  get timeoutMs(): number | undefined {
    const { 'grpc-timeout': grpc = '', 'connect-timeout-ms': connect = '' } = this.head
    return parseGrpcTimeout(String(grpc)) ?? parseConnectTimeout(String(connect))
  }

  /** The server sends a message, preceded by headers if they were not sent yet. */
  answer(message: Uint8Array): void {
    this.respondHead()
    this.sendOctets(this.#isBare ? message : envelop(0, message))
  }

  /** The server sends a piece of its body, at any message boundary or none. */
  sendOctets(data: Uint8Array): void {
    this.#received = Buffer.concat([this.#received, data])
    this.#tell()
  }

  /** The server ends the call with a status in the protocol of the request; that may be the complete response. */
  finish(status: number, added: readonly HeaderField[] = []): void {
    if (this.#type.startsWith('application/grpc-web')) this.#finishWeb(status, added)
    else if (this.#type.startsWith('application/grpc')) this.#finishGrpc(status, added)
    else if (this.#isBare) this.#finishConnectUnary(status, added)
    else this.#finishConnectStream(status, added)
  }

  respondHead(status = 200, added: readonly HeaderField[] = []): void {
    if (this.#hasHead) return
    this.#hasHead = true
    const isError = status !== 200 && this.#isBare
    const fields = [headerField('content-type', isError ? 'application/json' : this.#type), ...added]
    const get = (name: string) => fields.find((field) => field.name === name)?.value
    const head: ResponseHead = { status, isTooLarge: false, fields, contentLength: -1, get }
    this.sink?.onHead(this, head)
  }

  /** The stream ends early. */
  fail(reset: Partial<StreamReset>): void {
    this.sink?.onReset(this, { code: 2, source: 'peer', isUnprocessed: false, reason: 'reset by the test', ...reset })
  }

  want(bytes: number): boolean {
    const isThere = this.isPeerDone || this.readableBytes >= bytes
    this.#wanted = isThere ? 0 : bytes
    return isThere
  }

  byteAt(offset: number): number {
    return this.#received.readUInt8(offset)
  }

  read(bytes: number): Buffer {
    const taken = this.#received.subarray(0, bytes)
    this.#received = this.#received.subarray(bytes)
    return taken
  }

  peek(): OctetRange | null {
    return this.#received.length === 0 ? null : { buffer: this.#received, start: 0, end: this.#received.length }
  }

  skip(bytes: number): void {
    this.read(bytes)
  }

  mayWrite(): boolean {
    return true
  }

  write(data: Uint8Array): boolean {
    this.sent = Buffer.concat([this.sent, data])
    return true
  }

  writeRange(buffer: Uint8Array, start: number, end: number): boolean {
    return this.write(Buffer.from(buffer.subarray(start, end)))
  }

  end(data: Uint8Array = Buffer.alloc(0)): void {
    this.write(data)
  }

  reset(code: number): void {
    this.resetCode = code
    this.sink = null
  }

  inform(): void {}
  respond(): void {}
  sendTrailers(): void {}
  reply(): void {}
  release(): void {}

  get #type(): string {
    return String(this.head['content-type'])
  }

  /** Without envelopes. */
  get #isBare(): boolean {
    return /^application\/(?:proto|json)$/.test(this.#type)
  }

  #finishGrpc(status: number, added: readonly HeaderField[]): void {
    const fields = [headerField('grpc-status', String(status)), ...added]
    this.isPeerDone = true
    if (this.#hasHead) {
      this.trailers = fields
      this.#tell()
    } else {
      this.respondHead(200, fields)
    }
  }

  #finishWeb(status: number, added: readonly HeaderField[]): void {
    const lines = [{ name: 'grpc-status', value: status }, ...added].map(({ name, value }) => `${name}: ${value}\r\n`)
    this.respondHead()
    this.#end(envelop(0x80, Buffer.from(lines.join(''))))
  }

  #finishConnectStream(status: number, added: readonly HeaderField[]): void {
    const metadata = Object.fromEntries(added.map(({ name, value }) => [name, [value]]))
    const error = status === 0 ? {} : { error: { code: codeToString(status) } }
    this.respondHead()
    this.#end(envelop(2, Buffer.from(JSON.stringify({ ...error, metadata }))))
  }

  #finishConnectUnary(status: number, added: readonly HeaderField[]): void {
    this.respondHead(status === 0 ? 200 : 500, added)
    this.#end(status === 0 ? Buffer.alloc(0) : Buffer.from(JSON.stringify({ code: codeToString(status) })))
  }

  #end(data: Uint8Array): void {
    this.isPeerDone = true
    this.sendOctets(data)
  }

  #tell(): void {
    const isReady = this.#wanted > 0 && (this.isPeerDone || this.readableBytes >= this.#wanted)
    if (!isReady) return
    this.#wanted = 0
    this.sink?.onReadable(this)
  }
}
