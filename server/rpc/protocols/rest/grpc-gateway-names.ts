/** The names that grpc-gateway gives to headers and metadata: those of its preset. */
import type { FieldNameMapping } from './rest-options.ts'

const METADATA_PREFIX = 'grpc-metadata-'
const TRAILER_PREFIX = 'grpc-trailer-'
/** Of headers that come from HTTP itself. */
const GATEWAY_PREFIX = 'grpcgateway-'

/** The request headers that are registered as permanent, as grpc-gateway lists them. */
const PERMANENT: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-language',
  'accept-ranges',
  'authorization',
  'cache-control',
  'content-type',
  'cookie',
  'date',
  'expect',
  'from',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-schedule-tag-match',
  'if-unmodified-since',
  'max-forwards',
  'origin',
  'pragma',
  'referer',
  'user-agent',
  'via',
  'warning',
])

/** The headers that tell the origin of a request. Clients may not set them by their metadata names. */
const FORWARDED: ReadonlySet<string> = new Set(['x-forwarded-for', 'x-forwarded-host'])

const AUTHORIZATION: readonly string[] = Object.freeze(['authorization', `${GATEWAY_PREFIX}authorization`])

/**
 * Maps request headers to metadata: a permanent header `accept` to `grpcgateway-accept`, `Grpc-Metadata-Foo` to `foo`, and
 * `authorization` to itself too. All others are dropped.
 */
export const grpcGatewayRequestHeader: FieldNameMapping = (name) => {
  if (name === 'authorization') return AUTHORIZATION
  if (PERMANENT.has(name)) return GATEWAY_PREFIX + name
  if (FORWARDED.has(name)) return name
  if (!name.startsWith(METADATA_PREFIX)) return null
  const bare = name.slice(METADATA_PREFIX.length)
  return bare === '' || bare.startsWith(GATEWAY_PREFIX) || FORWARDED.has(bare) ? null : bare
}

/** Maps response metadata `foo` to the header `Grpc-Metadata-foo`. */
export const grpcGatewayResponseHeader: FieldNameMapping = (name) => METADATA_PREFIX + name

/** Maps a trailer `foo` to `Grpc-Trailer-foo`. */
export const grpcGatewayResponseTrailer: FieldNameMapping = (name) => TRAILER_PREFIX + name
