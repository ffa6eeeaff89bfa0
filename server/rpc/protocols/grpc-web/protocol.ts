/** gRPC-Web: gRPC for clients that cannot read trailers; they come as the last envelope of the body. */

import { envelop, messageFlags, writeEnvelope } from '../../../../wire/envelope.ts'
import { EnvelopeReader } from '../../../../wire/envelope-reader.ts'
import { parseGrpcTimeout } from '../../../../wire/timeout-header.ts'
import { successHead } from '../answer-head.ts'
import type { ServerProtocol } from '../server-protocol.ts'
import { Base64Source } from './base64-source.ts'
import { errorTrailers, failureHead, okTrailers } from './trailers.ts'

/** The protocol of `application/grpc-web`. */
export const grpcWeb: ServerProtocol = Object.freeze<ServerProtocol>({
  name: 'grpc-web',
  timeoutHeader: 'grpc-timeout',
  parseTimeout: parseGrpcTimeout,
  encodingHeader: 'grpc-encoding',
  acceptEncodingHeader: 'grpc-accept-encoding',
  compressesMessages: true,
  contentType: (codec) => (codec === 'proto' ? 'application/grpc-web+proto' : 'application/grpc-web+json'),

  createReader: (exchange, { reading }) => new EnvelopeReader(exchange, reading),

  reply(answer, message, isCompressed) {
    const body = envelop(messageFlags(isCompressed), message, okTrailers(answer))
    answer.exchange.reply(successHead(answer), body, null)
    return body.byteLength
  },

  begin(answer) {
    answer.exchange.respond(successHead(answer))
  },

  write: writeEnvelope,

  end(answer, error) {
    answer.exchange.end(error === null ? okTrailers(answer) : errorTrailers(answer, error))
  },

  fail(answer, error) {
    answer.exchange.reply(failureHead(answer), errorTrailers(answer, error), null)
  },
})

/** The protocol of `application/grpc-web-text`: the same in base64, each flush padded by itself. */
export const grpcWebText: ServerProtocol = Object.freeze<ServerProtocol>({
  ...grpcWeb,
  contentType: (codec) => (codec === 'proto' ? 'application/grpc-web-text+proto' : 'application/grpc-web-text+json'),

  createReader: (exchange, { reading }) => new EnvelopeReader(new Base64Source(exchange), reading),

  reply(answer, message, isCompressed) {
    const body = asText(envelop(messageFlags(isCompressed), message, okTrailers(answer)))
    answer.exchange.reply(successHead(answer), body, null)
    return body.byteLength
  },

  write(exchange, message, isCompressed) {
    return exchange.write(asText(envelop(messageFlags(isCompressed), message)))
  },

  end(answer, error) {
    answer.exchange.end(asText(error === null ? okTrailers(answer) : errorTrailers(answer, error)))
  },

  fail(answer, error) {
    answer.exchange.reply(failureHead(answer), asText(errorTrailers(answer, error)), null)
  },
})

function asText(data: Buffer): Buffer {
  return Buffer.from(data.toString('base64'), 'latin1')
}
