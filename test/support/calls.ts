/** Greeter calls written by hand in each protocol, with parsed outcomes, for tests at wire level. */
import { create, toBinary } from '@bufbuild/protobuf'
import { SayHelloRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import type { Exchanged, ExchangeInit } from './exchange.ts'
import { encodeFrame, encodeHeaderBlock, FLAG, FRAME } from './http2-frames.ts'

/** The path of the greeter's unary method. */
export const SAY_HELLO = '/greeter.v1.GreeterService/SayHello'

/** Protocol names, as used in test tables. */
export type CallProtocol = 'grpc' | 'grpc-web' | 'grpc-web-text' | 'connect' | 'connect-json' | 'connect-stream'

/** The protocols that support a unary method. */
export const UNARY_PROTOCOLS = ['grpc', 'grpc-web', 'connect', 'connect-json'] as const

const CONTENT_TYPES: Readonly<Record<CallProtocol, string>> = {
  grpc: 'application/grpc+proto',
  'grpc-web': 'application/grpc-web+proto',
  'grpc-web-text': 'application/grpc-web-text+proto',
  connect: 'application/proto',
  'connect-json': 'application/json',
  'connect-stream': 'application/connect+proto',
}

/** The outcome of a call: `ok`, the Connect name of the code, or the gRPC status as `grpc-status 5`. */
export interface CallEnd {
  readonly code: string
  readonly message: string
}

/** The request headers of a protocol. */
export function callHeaders(protocol: CallProtocol): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': CONTENT_TYPES[protocol] }
  if (protocol === 'grpc') headers.te = 'trailers'
  if (protocol.startsWith('connect')) headers['connect-protocol-version'] = '1'
  return headers
}

/** The HEADERS frame of a gRPC call whose body follows later. */
export function callHead(path: string, streamId: number): Buffer {
  const payload = encodeHeaderBlock([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ...Object.entries(callHeaders('grpc')),
  ])
  return encodeFrame({ type: FRAME.HEADERS, flags: FLAG.END_HEADERS, streamId, payload })
}

/** One message in its five-byte envelope. */
export function envelope(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5)
  head[0] = flags
  head.writeUInt32BE(message.byteLength, 1)
  return Buffer.concat([head, message])
}

/** A message as the body of a unary call. */
export function callBody(protocol: CallProtocol, message: Uint8Array): Buffer {
  if (protocol === 'connect' || protocol === 'connect-json') return Buffer.from(message)
  if (protocol === 'grpc-web-text') return Buffer.from(envelope(message).toString('base64'))
  return envelope(message)
}

/** A call of SayHello. */
export function sayHello(protocol: CallProtocol, name = 'Ada'): ExchangeInit & { headers: Record<string, string> } {
  const message =
    protocol === 'connect-json'
      ? Buffer.from(JSON.stringify({ name }))
      : toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name }))
  return { path: SAY_HELLO, headers: callHeaders(protocol), body: callBody(protocol, message) }
}

/** Parses the outcome of a call. A response without an outcome is `none`. */
export function endOf(protocol: CallProtocol, answer: Exchanged): CallEnd {
  if (protocol === 'grpc') return grpcEnd({ ...answer.headers, ...answer.trailers })
  if (protocol === 'grpc-web') return grpcWebEnd(answer)
  if (protocol === 'grpc-web-text') return grpcWebEnd({ ...answer, body: fromText(answer.body) })
  if (protocol === 'connect-stream') return connectEnd(lastEnvelope(answer.body))
  if (answer.status === 200) return { code: 'ok', message: '' }
  return errorEnd(answer.body)
}

function grpcEnd(fields: Readonly<Record<string, unknown>>): CallEnd {
  const status = fields['grpc-status']
  if (status === undefined) return { code: 'none', message: '' }
  const code = status === '0' ? 'ok' : `grpc-status ${status}`
  return { code, message: decodeURIComponent(String(fields['grpc-message'] ?? '')) }
}

function grpcWebEnd({ headers, body }: Exchanged): CallEnd {
  const trailer = lastEnvelope(body)
  if (trailer === undefined || (trailer.flags & 0x80) === 0) return grpcEnd(headers)
  const fields: Record<string, string> = {}
  for (const line of trailer.message.toString('latin1').trim().split('\r\n')) {
    const colon = line.indexOf(':')
    fields[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  return grpcEnd(fields)
}

function connectEnd(last: Envelope | undefined): CallEnd {
  if (last === undefined || (last.flags & 2) === 0) return { code: 'none', message: '' }
  const { error } = JSON.parse(last.message.toString()) as { error?: { code: string; message?: string } }
  return error === undefined ? { code: 'ok', message: '' } : { code: error.code, message: error.message ?? '' }
}

function errorEnd(body: Buffer): CallEnd {
  if (body.length === 0) return { code: 'none', message: '' }
  const { code = 'none', message = '' } = JSON.parse(body.toString()) as Partial<CallEnd>
  return { code, message }
}

/** Each flush is its own base64 sequence, with padding at its end. */
function fromText(body: Buffer): Buffer {
  const quanta = body.toString('latin1').match(/.{4}/g) ?? []
  return Buffer.concat(quanta.map((quantum) => Buffer.from(quantum, 'base64')))
}

interface Envelope {
  readonly flags: number
  readonly message: Buffer
}

function lastEnvelope(body: Buffer): Envelope | undefined {
  let last: Envelope | undefined
  let at = 0
  while (body.length - at >= 5) {
    const end = at + 5 + body.readUInt32BE(at + 1)
    last = { flags: body.readUInt8(at), message: body.subarray(at + 5, end) }
    at = end
  }
  return last
}
