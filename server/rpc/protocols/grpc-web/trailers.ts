/** How gRPC-Web says how a call ended: an envelope that holds the trailers as lines. */
import { Buffer } from 'node:buffer'
import type { ConnectError } from '@connectrpc/connect'
import { EnvelopeFlag, envelop } from '../../../../wire/envelope.ts'
import type { EncodableField } from '../../../../wire/http2/http2.ts'
import { userFields } from '../../../../wire/user-fields.ts'
import { ResponseBlock } from '../../exchange/response-block.ts'
import { failureFields } from '../grpc/trailers.ts'
import { type Answer, successFields } from '../server-protocol.ts'

const STATUS_OK: EncodableField = { name: 'grpc-status', value: '0' }
const OK = encodeTrailers([STATUS_OK])

/** The envelope of a success. */
export function okTrailers({ responseTrailerIfSet }: Answer): Buffer {
  return responseTrailerIfSet === undefined ? OK : encodeTrailers([STATUS_OK, ...userFields(responseTrailerIfSet)])
}

/** The envelope of a failure. */
export function errorTrailers(answer: Answer, error: ConnectError): Buffer {
  return encodeTrailers(failureFields(answer, error))
}

/** The head before an envelope that is all there is. */
export function failureHead({ plan, responseHeaderIfSet }: Answer): ResponseBlock {
  const { protocol, codec, baseFields } = plan
  const head = successFields(protocol, { codec: codec.name, baseFields })
  return ResponseBlock.once(200, [...head, ...userFields(responseHeaderIfSet)])
}

function encodeTrailers(fields: readonly EncodableField[]): Buffer {
  const lines = fields.map(({ name, value }) => `${name}: ${value}\r\n`).join('')
  return envelop(EnvelopeFlag.TRAILERS, Buffer.from(lines, 'latin1'))
}
