/** Refuses calls whose metadata cannot be decoded, before their body is read. */
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect'
import { isBinaryMetadata } from '../../wire/base64.ts'
import { clipValue } from '../../wire/text/clip-text.ts'

/**
 * A request gate. Binary metadata arrives as base64, and several values of a key may arrive joined by commas.
 *
 * @throws ConnectError INVALID_ARGUMENT that names the header
 */
export function checkBinaryMetadata(context: HandlerContext): void {
  context.requestHeader.forEach((value, name) => {
    if (!name.endsWith('-bin')) return
    if (isBinaryMetadata(value)) return
    throw new ConnectError(`${clipValue(name)}: the value is not base64`, Code.InvalidArgument)
  })
}
