/** Connect's unary calls: an ordinary HTTP request and response, by POST or, where nothing is changed, by GET. */
import type { ConnectError } from '@connectrpc/connect'
import { codeToHttpStatus, errorToJson } from '@connectrpc/connect/protocol-connect'
import type { EncodableField } from '../../../../wire/http2/http2.ts'
import { parseConnectTimeout } from '../../../../wire/timeout-header.ts'
import { errorFields, userFields } from '../../../../wire/user-fields.ts'
import { ResponseBlock } from '../../exchange/response-block.ts'
import { mergeFields, successHead } from '../answer-head.ts'
import type { Answer, ServerProtocol } from '../server-protocol.ts'
import { BodyReader } from './body-reader.ts'
import { QueryReader } from './query-reader.ts'

/** Trailers stand in the head, under this prefix. */
const TRAILER_PREFIX = 'trailer-'

/** The protocol of `application/proto` and `application/json`. */
export const connectUnary: ServerProtocol = Object.freeze<ServerProtocol>({
  name: 'connect',
  timeoutHeader: 'connect-timeout-ms',
  parseTimeout: parseConnectTimeout,
  encodingHeader: 'content-encoding',
  acceptEncodingHeader: 'accept-encoding',
  compressesMessages: false,
  contentType: (codec) => (codec === 'proto' ? 'application/proto' : 'application/json'),

  createReader(exchange, { reading }) {
    const { head } = exchange
    return head.method === 'GET' ? new QueryReader(head.path, reading) : new BodyReader(exchange, reading)
  },

  reply(answer, message, isCompressed) {
    const head = mergeFields(successHead(answer, isCompressed), trailerFields(answer))
    answer.exchange.reply(head, message, null)
    return message.byteLength
  },

  fail(answer, error) {
    const body = Buffer.from(JSON.stringify(errorToJson(error, undefined)))
    answer.exchange.reply(failureHead(answer, error), body, null)
  },

  begin: refuseStream,
  write: refuseStream,
  end: refuseStream,
})

function failureHead(answer: Answer, error: ConnectError): ResponseBlock {
  const { plan, responseHeaderIfSet } = answer
  const base = [{ name: 'content-type', value: 'application/json' }, ...plan.baseFields]
  return mergeFields(ResponseBlock.once(codeToHttpStatus(error.code), base), [
    ...userFields(responseHeaderIfSet),
    ...trailerFields(answer),
    ...errorFields(error),
  ])
}

function trailerFields({ responseTrailerIfSet }: Answer): EncodableField[] {
  return responseTrailerIfSet === undefined ? [] : userFields(responseTrailerIfSet, TRAILER_PREFIX)
}

function refuseStream(): never {
  throw new TypeError('a unary call has one message')
}
