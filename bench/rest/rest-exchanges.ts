/** The calls that are measured, as each server takes them. */
import { BookEventSchema, WatchShelfRequestSchema } from '../../test/gen/library/v1/library_pb.js'
import { type Exchange, enveloped } from '../exchange.ts'
import { GRPC_HEADERS } from '../servers/unary.ts'

/** A call without its reply, of which only the JSON value is known in advance. */
export interface JsonCall {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Null for a GET. */
  readonly request: Buffer | null
  /** The value of the reply. With several lines, the values of all. */
  readonly value: unknown
}

/** Messages of a stream. */
export const STREAM_MESSAGES = 1_000

const NAME = 'x'.repeat(11)
const GREETING = { message: `Hello ${NAME}` }
const JSON_HEADERS = { 'content-type': 'application/json' }

/** Has a field of most kinds. */
const BOOK = {
  title: 'Moby-Dick',
  authors: [{ givenName: 'Herman', familyName: 'Melville' }],
  genre: 'GENRE_FICTION',
  pages: 635,
  copiesSold: '3215',
  published: '1851-10-18T00:00:00Z',
  labels: { room: 'reading', floor: 'second' },
  tags: ['whales', 'sea', 'novel'],
  summary: 'A captain hunts a white whale.',
  edition: { number: 1, publisher: 'Harper & Brothers' },
}
const CREATED = { ...BOOK, name: 'shelves/sea/books/new' }

/** GET with a variable in the path. */
export const GET_CALL: JsonCall = { path: `/v1/hello/${NAME}`, headers: {}, request: null, value: GREETING }

/** The paths of {@link GET_CALL} with 10,000 names of the same length. */
export const GET_PATHS: readonly string[] = Array.from(
  { length: 10_000 },
  (_, index) => `/v1/hello/${100_000 + index}xxxxx`,
)

/** The same RPC in Connect, by POST. */
export const CONNECT_GET_CALL: JsonCall = {
  path: '/greeter.v1.GreeterService/SayHello',
  headers: JSON_HEADERS,
  request: Buffer.from(JSON.stringify({ name: NAME })),
  value: GREETING,
}

/** POST with a variable in the path, and a body. */
export const POST_CALL: JsonCall = {
  path: '/v1/shelves/sea/books',
  headers: JSON_HEADERS,
  request: Buffer.from(JSON.stringify(BOOK)),
  value: CREATED,
}

/** The same RPC in Connect. */
export const CONNECT_POST_CALL: JsonCall = {
  path: '/library.v1.LibraryService/CreateBook',
  headers: JSON_HEADERS,
  request: Buffer.from(JSON.stringify({ parent: 'shelves/sea', book: BOOK })),
  value: CREATED,
}

/** A stream of short messages. */
export const STREAM_CALL: JsonCall = {
  path: `/v1/shelves/sea:watch?count=${STREAM_MESSAGES}`,
  headers: { accept: 'application/x-ndjson' },
  request: null,
  value: events((index) => ({ sequence: String(index + 1), removed: NAME })),
}

/** The same stream over gRPC. */
export const GRPC_STREAM: Exchange = {
  path: '/library.v1.LibraryService/WatchShelf',
  headers: GRPC_HEADERS,
  request: enveloped(WatchShelfRequestSchema, { name: 'shelves/sea', count: STREAM_MESSAGES }),
  reply: Buffer.concat(
    events((index) =>
      enveloped(BookEventSchema, { sequence: BigInt(index + 1), event: { case: 'removed', value: NAME } }),
    ),
  ),
  http1: false,
}

function events<T>(create: (index: number) => T): T[] {
  return Array.from({ length: STREAM_MESSAGES }, (_, index) => create(index))
}
