/** Refuses calls whose metadata cannot be decoded, before their body is read. */
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect'

/** Base64 of the standard or the URL alphabet, padded or not: what gRPC peers send (gRPC over HTTP/2, Binary-Header). */
const BASE64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2}(?:==)?|[A-Za-z0-9+/_-]{3}=?)?$/

/**
 * A request gate. Binary metadata arrives as base64, and several values of a key may arrive joined by commas.
 *
 * @throws ConnectError INVALID_ARGUMENT that names the header
 */
export function checkBinaryMetadata(context: HandlerContext): void {
  context.requestHeader.forEach((value, name) => {
    if (!name.endsWith('-bin')) return
    if (value.split(',').every((part) => BASE64.test(part.trim()))) return
    throw new ConnectError(`${name}: the value is not base64`, Code.InvalidArgument)
  })
}
