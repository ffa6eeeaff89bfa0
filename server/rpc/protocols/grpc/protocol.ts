/** gRPC (gRPC over HTTP/2; over HTTP/1.1 its trailers stand behind a chunked body). */
import {
  ENVELOPE_PREFIX_BYTES,
  envelop,
  LARGE_MESSAGE_BYTES,
  messageFlags,
  writeEnvelope,
} from '../../../../wire/envelope.ts'
import { EnvelopeReader } from '../../../../wire/envelope-reader.ts'
import { parseGrpcTimeout } from '../../../../wire/timeout-header.ts'
import { successHead } from '../answer-head.ts'
import type { ServerProtocol } from '../server-protocol.ts'
import { errorTrailers, okTrailers, trailersOnly } from './trailers.ts'

const NO_OCTETS = new Uint8Array(0)

/** The protocol of `application/grpc`. */
export const grpc: ServerProtocol = Object.freeze<ServerProtocol>({
  name: 'grpc',
  timeoutHeader: 'grpc-timeout',
  parseTimeout: parseGrpcTimeout,
  encodingHeader: 'grpc-encoding',
  acceptEncodingHeader: 'grpc-accept-encoding',
  compressesMessages: true,
  contentType: (codec) => (codec === 'proto' ? 'application/grpc+proto' : 'application/grpc+json'),

  createReader: (exchange, { reading }) => new EnvelopeReader(exchange, reading),

  reply(answer, message, isCompressed) {
    const { exchange } = answer
    const head = successHead(answer)
    const trailers = okTrailers(answer)
    // What a service added may be too large to be sent: then nothing must have been.
    if (message.byteLength < LARGE_MESSAGE_BYTES || answer.responseTrailerIfSet !== undefined) {
      exchange.reply(head, envelop(messageFlags(isCompressed), message), trailers)
    } else {
      exchange.respond(head)
      writeEnvelope(exchange, message, isCompressed)
      exchange.endWithTrailers(trailers)
    }
    return ENVELOPE_PREFIX_BYTES + message.byteLength
  },

  begin(answer) {
    answer.exchange.respond(successHead(answer))
  },

  write: writeEnvelope,

  end(answer, error) {
    answer.exchange.endWithTrailers(error === null ? okTrailers(answer) : errorTrailers(answer, error))
  },

  // What a service set as headers must arrive as headers, which Trailers-Only cannot say (as grpc-go does it).
  fail(answer, error) {
    const head = successHead(answer)
    if (head === answer.plan.head) {
      answer.exchange.respond(trailersOnly(answer, error), true)
      return
    }
    answer.exchange.reply(head, NO_OCTETS, errorTrailers(answer, error))
  },
})
