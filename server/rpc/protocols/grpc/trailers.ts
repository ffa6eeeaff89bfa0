/** How gRPC says how a call ended. */
import type { ConnectError } from '@connectrpc/connect'
import type { EncodableField } from '../../../../wire/http2/http2.ts'
import { statusFields } from '../../../../wire/status-fields.ts'
import { errorFields, userFields } from '../../../../wire/user-fields.ts'
import { ResponseBlock } from '../../exchange/response-block.ts'
import { mergeFields } from '../answer-head.ts'
import { type Answer, successFields } from '../server-protocol.ts'

const OK = ResponseBlock.shared(0, [{ name: 'grpc-status', value: '0' }])

/** The trailers of a success. */
export function okTrailers({ responseTrailerIfSet }: Answer): ResponseBlock {
  return responseTrailerIfSet === undefined ? OK : mergeFields(OK, userFields(responseTrailerIfSet))
}

/** The trailers of a failure after messages or headers. */
export function errorTrailers(answer: Answer, error: ConnectError): ResponseBlock {
  return ResponseBlock.once(0, failureFields(answer, error))
}

/**
 * A failure before anything was sent, in one block, by which clients know that they may try again (gRPC over HTTP/2,
 * Trailers-Only; gRFC A6).
 */
export function trailersOnly(answer: Answer, error: ConnectError): ResponseBlock {
  const { protocol, codec, baseFields } = answer.plan
  const head = successFields(protocol, { codec: codec.name, baseFields })
  return ResponseBlock.once(200, [...head, ...failureFields(answer, error)])
}

/** Status first, then what the service added, then the metadata of the error. */
export function failureFields({ responseTrailerIfSet }: Answer, error: ConnectError): EncodableField[] {
  return [...statusFields(error), ...userFields(responseTrailerIfSet), ...errorFields(error)]
}
