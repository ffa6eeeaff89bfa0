/** Finds out what an answer is compressed with. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '../../../../wire/compression/compression.ts'
import { clipValue } from '../../../../wire/text/clip-text.ts'

/**
 * Null: with nothing.
 *
 * @param name what the answer says; undefined: nothing
 * @param accepted what was asked for
 * @throws ConnectError INTERNAL for anything else
 */
export function responseEncoding(name: string | undefined, accepted: readonly Compression[]): Compression | null {
  if (name === undefined || name.toLowerCase() === 'identity') return null
  const found = accepted.find((compression) => compression.name === name)
  if (found !== undefined) return found
  throw new ConnectError(`the server compresses with "${clipValue(name)}", which was not asked for`, Code.Internal)
}
