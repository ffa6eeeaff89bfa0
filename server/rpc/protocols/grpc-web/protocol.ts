/** gRPC-Web: gRPC for clients that cannot read HTTP trailers. The trailers are the last envelope of the body. */
import { Buffer } from 'node:buffer'
import type { Code, ConnectError } from '@connectrpc/connect'
import { findTrailerError } from '@connectrpc/connect/protocol-grpc'
import { trailerParse } from '@connectrpc/connect/protocol-grpc-web'
import {
  ENVELOPE_PREFIX_BYTES,
  EnvelopeFlag,
  envelop,
  envelopeOf,
  envelopeOnce,
  messageFlags,
  writeEncoded,
  writeEnvelope,
} from '../../../../wire/envelope.ts'
import { EnvelopeReader } from '../../../../wire/envelope-reader.ts'
import type { EncodableField } from '../../../../wire/http2/http2.ts'
import { statusFields } from '../../../../wire/status-fields.ts'
import { userFields } from '../../../../wire/user-fields.ts'
import { MediaFamily } from '../../exchange/call-head.ts'
import type { Refusal } from '../../exchange/refusal.ts'
import { ResponseBlock } from '../../exchange/response-block.ts'
import { failureFields, GRPC_HEAD, readGrpcHead } from '../grpc/protocol.ts'
import { type Answer, type ServerProtocol, successFields } from '../server-protocol.ts'
import { Base64Source } from './base64-source.ts'

const BINARY_TYPES = new MediaFamily('application/grpc-web', 'proto')
const TEXT_TYPES = new MediaFamily('application/grpc-web-text', 'proto')

const STATUS_OK: EncodableField = { name: 'grpc-status', value: '0' }
const OK = encodeTrailers([STATUS_OK])

/** The protocol of `application/grpc-web`. */
export const grpcWeb: ServerProtocol = Object.freeze<ServerProtocol>({
  ...GRPC_HEAD,
  name: 'grpc-web',
  option: 'grpcWeb',
  isEnveloped: true,
  contentTypes: BINARY_TYPES.names,
  contentType: (codec) => BINARY_TYPES.of(codec),
  recognises: (head) => BINARY_TYPES.includes(head.contentType),
  read: (head, entry) => readGrpcHead(BINARY_TYPES, head, entry),
  createReader: (exchange, { reading }) => new EnvelopeReader(exchange, reading),

  reply(answer, message, isCompressed) {
    return reply(answer, envelop(messageFlags(isCompressed), message, okTrailers(answer)))
  },

  replyEncoded: (answer, message) => reply(answer, envelopeOnce(message, okTrailers(answer))),

  begin(answer) {
    answer.exchange.respond(answer.successHead())
  },

  write: ({ exchange }, message, isCompressed) => writeEnvelope(exchange, message, isCompressed),
  writeEncoded: ({ exchange }, message) => writeEncoded(exchange, message),

  end(answer, error) {
    answer.exchange.end(error === null ? okTrailers(answer) : errorTrailers(answer, error))
  },

  fail(answer, error) {
    answer.exchange.reply(failureHead(answer), errorTrailers(answer, error), null)
  },

  refuse: (error, head, httpStatus) =>
    refusalOf(error, encodeTrailers(statusFields(error)), { type: head.typeOr('application/grpc-web'), httpStatus }),

  endingCodeOf: (_httpStatus, lastChunk) => trailerCode(lastChunk),
})

/** The protocol of `application/grpc-web-text`: the same in base64, padded at each flush. */
export const grpcWebText: ServerProtocol = Object.freeze<ServerProtocol>({
  ...grpcWeb,
  isEnveloped: false,
  contentTypes: TEXT_TYPES.names,
  contentType: (codec) => TEXT_TYPES.of(codec),
  recognises: (head) => TEXT_TYPES.includes(head.contentType),
  read: (head, entry) => readGrpcHead(TEXT_TYPES, head, entry),
  createReader: (exchange, { reading }) => new EnvelopeReader(new Base64Source(exchange), reading),

  reply(answer, message, isCompressed) {
    return reply(answer, asText(envelop(messageFlags(isCompressed), message, okTrailers(answer))))
  },

  replyEncoded: (answer, message) => reply(answer, asText(envelopeOf(message, okTrailers(answer)))),

  write({ exchange }, message, isCompressed) {
    return exchange.write(asText(envelop(messageFlags(isCompressed), message)))
  },

  writeEncoded: ({ exchange }, message) => exchange.write(asText(envelopeOf(message))),

  end(answer, error) {
    answer.exchange.end(asText(error === null ? okTrailers(answer) : errorTrailers(answer, error)))
  },

  fail(answer, error) {
    answer.exchange.reply(failureHead(answer), asText(errorTrailers(answer, error)), null)
  },

  refuse(error, head, httpStatus) {
    const type = head.typeOr('application/grpc-web-text')
    return refusalOf(error, asText(encodeTrailers(statusFields(error))), { type, httpStatus })
  },

  endingCodeOf: (_httpStatus, lastChunk) =>
    trailerCode(Buffer.from(Buffer.from(lastChunk).toString('latin1'), 'base64')),
})

function reply(answer: Answer, body: Buffer): number {
  const { byteLength } = body
  answer.exchange.reply(answer.successHead(), body, null)
  return byteLength
}

/** Each call pads on its own, which clients accept at any flush. */
function asText(data: Buffer): Buffer {
  return Buffer.from(data.toString('base64'), 'latin1')
}

/** Returns the last envelope of a successful response. */
function okTrailers({ responseTrailerIfSet }: Answer): Buffer {
  return responseTrailerIfSet === undefined ? OK : encodeTrailers([STATUS_OK, ...userFields(responseTrailerIfSet)])
}

/** Returns the last envelope of a failed response. */
function errorTrailers(answer: Answer, error: ConnectError): Buffer {
  return encodeTrailers(failureFields(answer, error))
}

/** Returns the head of a failed response without messages. */
function failureHead({ plan, responseHeaderIfSet }: Answer): ResponseBlock {
  const { protocol, codec, baseFields } = plan
  const head = successFields(protocol, { codec: codec.name, baseFields })
  return ResponseBlock.once(200, [...head, ...userFields(responseHeaderIfSet)])
}

function refusalOf(
  error: ConnectError,
  body: Buffer,
  { type, httpStatus = 200 }: { type: string; httpStatus: number | undefined },
): Refusal {
  return { head: ResponseBlock.once(httpStatus, [{ name: 'content-type', value: type }]), body, code: error.code }
}

/** In the format of HTTP/1.1 fields, with lower-case names (gRPC-Web protocol, Message framing). */
function encodeTrailers(fields: readonly EncodableField[]): Buffer {
  const lines = fields.map(({ name, value }) => `${name}: ${value}\r\n`).join('')
  return envelop(EnvelopeFlag.TRAILERS, Buffer.from(lines, 'latin1'))
}

/** Returns the code in a trailer envelope. Servers write that envelope in one piece. */
function trailerCode(lastChunk: Uint8Array): Code | undefined {
  if (lastChunk[0] !== EnvelopeFlag.TRAILERS) return undefined
  return findTrailerError(trailerParse(lastChunk.subarray(ENVELOPE_PREFIX_BYTES)))?.code
}
