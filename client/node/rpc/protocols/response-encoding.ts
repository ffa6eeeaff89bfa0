/** Determines the compression of a response. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '../../../../wire/compression/compression.ts'
import { clipValue } from '../../../../wire/text/clip-text.ts'

/**
 * Returns the compression; null for none.
 *
 * @param name the encoding of the response; undefined if it states none
 * @param accepted the accepted compressions
 * @throws ConnectError INTERNAL for any other encoding
 */
export function responseEncoding(name: string | undefined, accepted: readonly Compression[]): Compression | null {
  if (name === undefined || name.toLowerCase() === 'identity') return null
  const found = accepted.find((compression) => compression.name === name)
  if (found !== undefined) return found
  throw new ConnectError(
    `the server compresses with "${clipValue(name)}", which the client does not accept`,
    Code.Internal,
  )
}
