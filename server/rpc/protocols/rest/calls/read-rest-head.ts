/** Reads the head of a REST request: whether its body can be read, and in which forms the client wants the response. */
import { Code, ConnectError } from '@connectrpc/connect'
import { type CallHead, isPlain } from '../../../exchange/call-head.ts'
import type { HeadReading } from '../../server-protocol.ts'
import { errorFormFor } from '../errors/error-body.ts'
import type { RestSettings } from '../rest-options.ts'
import { chooseStreamFormat } from '../streams/choose-stream-format.ts'
import { NDJSON_TYPES } from '../streams/stream-format.ts'
import type { RestOperation } from './rest-operation.ts'
import type { RestRoute } from './rest-routes.ts'

/** The content types of other protocols, which must not reach a method by a route that their checks do not cover. */
export const OTHER_PROTOCOLS = /^application\/(?:grpc|connect)/

/**
 * Reads the head.
 *
 * @returns null if the operation cannot read the content type
 */
export function readRestHead(
  head: CallHead,
  { operation, codecs, readsForm = false }: RestRoute,
  settings: RestSettings,
): HeadReading | null {
  if (!readsForm && !isReadable(head, operation)) return null
  const errors = errorFormFor(head, settings.errors)
  const stream = operation.writesStream ? chooseStreamFormat(head.list('accept'), settings.streams) : null
  const encoding = head.get('content-encoding')
  const codec = codecs.for({ errors, stream, readsForm })
  if (operation.isPlain) return { codec, encoding, error: null }
  return { codec, encoding: undefined, error: encodingError(encoding) }
}

function isReadable(head: CallHead, { readsRaw, readsStream }: RestOperation): boolean {
  const { essence, parameters } = head.contentType
  if (readsRaw) return !OTHER_PROTOCOLS.test(essence)
  // Browsers send forms and plain text to any origin, so nothing but JSON may be taken for JSON.
  if (essence === '') return !announcesBody(head)
  return (essence === 'application/json' || (readsStream && NDJSON_TYPES.has(essence))) && isPlain('json', parameters)
}

/** HTTP/2 need not announce a body: the reader finds it. */
function announcesBody(head: CallHead): boolean {
  return (head.get('content-length') ?? '0') !== '0' || head.get('transfer-encoding') !== undefined
}

/** Streams and bodies of any type are read as they arrive. */
function encodingError(encoding: string | undefined): ConnectError | null {
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return null
  return new ConnectError('content-encoding must be identity for this method', Code.Unimplemented)
}
