/** `google.api.HttpBody`: a body of any content type, which is not JSON. */
import type { DescMessage, Message } from '@bufbuild/protobuf'
import { type HttpBody, HttpBodySchema } from '../../../../../gen/google/api/httpbody_pb.js'

/** The content type of a body whose service states none. */
const OCTETS = 'application/octet-stream'

/** Media types that a response can state (RFC 9110 section 8.3.1): visible ASCII, without line breaks. */
const CONTENT_TYPE = /^[!#$%&'*+.^`|~\w-]+\/[!#$%&'*+.^`|~\w-]+(?:[\t ]*;[\t -~]*)?$/

/** The content types of octets that are about to be sent. The codec knows them, and the protocol needs them. */
const CONTENT_TYPES = new WeakMap<Uint8Array, string>()

/** Whether a type is `google.api.HttpBody`. */
export function isHttpBody(desc: DescMessage | undefined): boolean {
  return desc?.typeName === HttpBodySchema.typeName
}

/**
 * Returns the octets of a body.
 *
 * @throws TypeError for an invalid content type: a fault of the application
 */
export function octetsOfBody(message: Message | undefined): Uint8Array {
  const { contentType = '', data = new Uint8Array(0) } = (message ?? {}) as Partial<HttpBody>
  if (contentType !== '' && !CONTENT_TYPE.test(contentType)) {
    throw new TypeError('google.api.HttpBody: content_type is not a media type')
  }
  // A view of its own: the application may send the same octets with another type.
  const octets = data.subarray()
  CONTENT_TYPES.set(octets, contentType === '' ? OCTETS : contentType)
  return octets
}

/** Returns the content type of octets that {@link octetsOfBody} returned. */
export function contentTypeOf(octets: Uint8Array): string {
  return CONTENT_TYPES.get(octets) ?? OCTETS
}
