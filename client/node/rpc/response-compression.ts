/** Finds out what an answer is compressed with. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '../../../wire/compression.ts'
import type { ResponseHead } from '../../../wire/http2/http2.ts'

/**
 * Null: with nothing.
 *
 * @param accepted what was asked for
 * @throws ConnectError INTERNAL for anything else
 */
export function responseCompression(head: ResponseHead, accepted: readonly Compression[]): Compression | null {
  const name = head.get('grpc-encoding')
  if (name === undefined || name === 'identity') return null
  const found = accepted.find((compression) => compression.name === name)
  if (found !== undefined) return found
  throw new ConnectError(`the server compresses with "${name}", which was not asked for`, Code.Internal)
}
