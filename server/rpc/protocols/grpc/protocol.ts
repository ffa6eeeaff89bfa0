/** gRPC over HTTP/2. Over HTTP/1.1, trailers follow a chunked body. */
import type { ConnectError } from '@connectrpc/connect'
import {
  ENVELOPE_PREFIX_BYTES,
  envelop,
  envelopeOnce,
  messageFlags,
  writeEncoded,
  writeEnvelope,
} from '../../../../wire/envelope.ts'
import { EnvelopeReader } from '../../../../wire/envelope-reader.ts'
import type { EncodableField } from '../../../../wire/http2/http2.ts'
import { statusFields } from '../../../../wire/status-fields.ts'
import { parseGrpcTimeout } from '../../../../wire/timeout-header.ts'
import { errorFields, userFields } from '../../../../wire/user-fields.ts'
import { type CallHead, MediaFamily } from '../../exchange/call-head.ts'
import { ResponseBlock } from '../../exchange/response-block.ts'
import {
  type Answer,
  type HeadReading,
  POST_ALONE,
  type ServedMethod,
  type ServerProtocol,
  successFields,
} from '../server-protocol.ts'

const NO_OCTETS = new Uint8Array(0)
const TYPES = new MediaFamily('application/grpc', 'proto')
/** The trailers of every success without trailers of the service: encoded once per connection. */
const OK = ResponseBlock.shared(0, [{ name: 'grpc-status', value: '0' }])

/** What gRPC and gRPC-Web requests share. */
export const GRPC_HEAD = Object.freeze({
  hasHttpStatus: false,
  compression: { header: 'grpc-encoding', acceptHeader: 'grpc-accept-encoding', isByMessage: true },
  overheadBytes: ENVELOPE_PREFIX_BYTES,
  plansByKind: true,
  carries: () => true,
  verbsOf: () => POST_ALONE,
  timeoutMsOf: (head: CallHead) => head.timeoutMs('grpc-timeout', parseGrpcTimeout),
})

/** The protocol of `application/grpc`. */
export const grpc: ServerProtocol = Object.freeze<ServerProtocol>({
  ...GRPC_HEAD,
  name: 'grpc',
  option: 'grpc',
  isEnveloped: true,
  contentTypes: TYPES.names,
  contentType: (codec) => TYPES.of(codec),
  recognises: (head) => TYPES.includes(head.contentType),
  read: (head, entry) => readGrpcHead(TYPES, head, entry),
  createReader: (exchange, { reading }) => new EnvelopeReader(exchange, reading),

  reply(answer, message, isCompressed) {
    return reply(answer, envelop(messageFlags(isCompressed), message))
  },

  replyEncoded: (answer, message) => reply(answer, envelopeOnce(message)),

  begin(answer) {
    answer.exchange.respond(answer.successHead())
  },

  write: ({ exchange }, message, isCompressed) => writeEnvelope(exchange, message, isCompressed),
  writeEncoded: ({ exchange }, message) => writeEncoded(exchange, message),

  end(answer, error) {
    answer.exchange.endWithTrailers(error === null ? okTrailers(answer) : errorTrailers(answer, error))
  },

  // Trailers-Only cannot carry headers, so an error after the service set some is sent as headers and trailers (as in
  // grpc-go).
  fail(answer, error) {
    const head = answer.successHead()
    if (head === answer.plan.head) answer.exchange.respond(trailersOnly(answer, error), true)
    else answer.exchange.reply(head, NO_OCTETS, errorTrailers(answer, error))
  },

  refuse(error, head, httpStatus = 200) {
    const type = { name: 'content-type', value: head.typeOr('application/grpc') }
    return { head: ResponseBlock.once(httpStatus, [type, ...statusFields(error)]), body: NO_OCTETS, code: error.code }
  },

  /** In the trailers, not the body. */
  endingCodeOf: () => undefined,
})

/** Reads the head of a call whose content type must belong to `types`. */
export function readGrpcHead(types: MediaFamily, head: CallHead, { codecs }: ServedMethod): HeadReading | null {
  const format = types.formatOf(head.contentType)
  return format === undefined ? null : { codec: codecs[format], encoding: head.get('grpc-encoding'), error: null }
}

function reply(answer: Answer, body: Buffer): number {
  const { byteLength } = body
  answer.exchange.reply(answer.successHead(), body, okTrailers(answer))
  return byteLength
}

/** Returns the status, then the trailers of the service, then the metadata of the error. */
export function failureFields({ responseTrailerIfSet }: Answer, error: ConnectError): EncodableField[] {
  return [...statusFields(error), ...userFields(responseTrailerIfSet), ...errorFields(error)]
}

function okTrailers({ responseTrailerIfSet }: Answer): ResponseBlock {
  return responseTrailerIfSet === undefined ? OK : OK.with(userFields(responseTrailerIfSet))
}

function errorTrailers(answer: Answer, error: ConnectError): ResponseBlock {
  return ResponseBlock.once(0, failureFields(answer, error))
}

/**
 * Returns a Trailers-Only response: the whole failure in one block (gRPC over HTTP/2). It shows clients that no message
 * was sent, so they may retry (gRFC A6).
 */
function trailersOnly(answer: Answer, error: ConnectError): ResponseBlock {
  const { protocol, codec, baseFields } = answer.plan
  const head = successFields(protocol, { codec: codec.name, baseFields })
  return ResponseBlock.once(200, [...head, ...failureFields(answer, error)])
}
