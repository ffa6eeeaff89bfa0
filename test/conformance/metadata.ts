/** Headers and errors, between what Connect has and what the conformance protos call them. */
import { create } from '@bufbuild/protobuf'
import { type Code, ConnectError } from '@connectrpc/connect'
import {
  ErrorSchema,
  type Header,
  HeaderSchema,
  type Error as ProtoError,
} from '../gen/connectrpc/conformance/v1/service_pb.js'

type Detail = ConnectError['details'][number]

const TYPE_URL_PREFIX = 'type.googleapis.com/'

/** Adds every value of every header to `target`. */
export function appendHeaders(headers: readonly Header[], target: Headers): void {
  for (const { name, value } of headers) {
    for (const each of value) target.append(name, each)
  }
}

/** A header that came more than once is one entry, its values joined as HTTP allows. */
export function toProtoHeaders(headers: Headers): Header[] {
  return [...headers].map(([name, value]) => create(HeaderSchema, { name, value: [value] }))
}

/**
 * The error that a test case asks a server to answer with.
 *
 * @param extraDetails details that the server adds to those of the test case
 */
export function toConnectError(error: ProtoError, extraDetails: readonly Detail[]): ConnectError {
  const connectError = new ConnectError(error.message ?? '', error.code as number as Code)
  const details = error.details.map((any) => ({ type: any.typeUrl.replace(/^.*\//, ''), value: any.value }))
  connectError.details = [...details, ...extraDetails]
  return connectError
}

/** The error that a call of a client ended with. */
export function toProtoError(error: ConnectError): ProtoError {
  return create(ErrorSchema, {
    code: error.code as number,
    message: error.rawMessage,
    details: error.details.flatMap(toAny),
  })
}

/** Only details that came over the wire exist on a client. */
function toAny(detail: Detail) {
  return 'desc' in detail ? [] : [{ typeUrl: TYPE_URL_PREFIX + detail.type, value: detail.value }]
}
