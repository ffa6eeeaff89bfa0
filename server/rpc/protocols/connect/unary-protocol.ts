/** Unary Connect calls: an ordinary HTTP request and response, by POST or, for methods without side effects, by GET. */
import { Buffer } from 'node:buffer'
import { Code, ConnectError } from '@connectrpc/connect'
import { codeFromString, codeToHttpStatus, errorToJson } from '@connectrpc/connect/protocol-connect'
import type { EncodableField } from '../../../../wire/http2/http2.ts'
import type { CodecName } from '../../../../wire/message-codec.ts'
import { errorFields, userFields } from '../../../../wire/user-fields.ts'
import { type CallHead, type ContentType, isPlain } from '../../exchange/call-head.ts'
import { refusePlainly } from '../../exchange/refusal.ts'
import { ResponseBlock } from '../../exchange/response-block.ts'
import {
  type Answer,
  type HeadReading,
  POST_ALONE,
  type ServedMethod,
  type ServerProtocol,
} from '../server-protocol.ts'
import { BodyReader } from './body-reader.ts'
import { CONNECT_HEAD, VERSION_HEADER, versionError } from './connect-head.ts'
import { QueryReader, queryOf } from './query-reader.ts'

/** Trailers are sent as headers with this prefix. */
const TRAILER_PREFIX = 'trailer-'

const GET_AND_POST: readonly string[] = Object.freeze(['GET', 'POST'])
const CONNECT_GET = /[?&]connect=v1(?:&|$)/

/** The protocol of `application/proto` and `application/json`. */
export const connectUnary: ServerProtocol = Object.freeze<ServerProtocol>({
  ...CONNECT_HEAD,
  hasHttpStatus: true,
  isEnveloped: false,
  overheadBytes: 0,
  compression: { header: 'content-encoding', acceptHeader: 'accept-encoding', isByMessage: false },
  contentTypes: ['application/proto', 'application/json'],
  carries: (kind) => kind === 'unary',
  verbsOf: ({ isSafe }) => (isSafe ? GET_AND_POST : POST_ALONE),
  contentType: (codec) => (codec === 'proto' ? 'application/proto' : 'application/json'),

  /** Any HTTP API may use JSON. Only the path of a method, or what Connect clients add, makes a request a call. */
  recognises(head, isMethod) {
    return isMethod || head.get(VERSION_HEADER) !== undefined || (head.method === 'GET' && CONNECT_GET.test(head.path))
  },

  read: (head, entry) => (head.method === 'GET' ? readQuery(head, entry) : readPost(head, entry)),

  createReader(exchange, { reading }) {
    const { head } = exchange
    return head.method === 'GET' ? new QueryReader(head.path, reading) : new BodyReader(exchange, reading)
  },

  reply(answer, message, isCompressed) {
    answer.exchange.reply(answer.successHead(isCompressed).with(trailerFields(answer)), message, null)
    return message.byteLength
  },

  fail(answer, error) {
    const body = Buffer.from(JSON.stringify(errorToJson(error, undefined)))
    answer.exchange.reply(failureHead(answer, error), body, null)
  },

  begin: refuseStream,
  write: refuseStream,
  end: refuseStream,

  refuse: (error, _head, httpStatus) => refusePlainly(error, httpStatus),

  endingCodeOf(httpStatus, lastChunk) {
    if (httpStatus === 200) return undefined
    const { code } = JSON.parse(new TextDecoder().decode(lastChunk)) as { code?: string }
    return code === undefined ? undefined : codeFromString(code)
  },
})

/** Null for other content types, so that the next protocol is tried. */
function readPost(head: CallHead, entry: ServedMethod): HeadReading | null {
  const format = formatOf(head.contentType)
  if (format === undefined) return null
  return { codec: entry.codecs[format], encoding: head.get('content-encoding'), error: versionError(head, entry) }
}

function formatOf({ essence, parameters }: ContentType): CodecName | undefined {
  const format = essence === 'application/json' ? 'json' : essence === 'application/proto' ? 'proto' : undefined
  return format !== undefined && isPlain(format, parameters) ? format : undefined
}

/** Reads from the query what a POST has in its head. */
function readQuery(head: CallHead, { codecs, requiresConnectVersion }: ServedMethod): HeadReading | string {
  const query = queryOf(head.path)
  const format = query.get('encoding')
  if (format !== 'proto' && format !== 'json') {
    return 'query must have encoding=json or encoding=proto, and message'
  }
  const isVersionMissing = requiresConnectVersion && query.get('connect') !== 'v1'
  const error = isVersionMissing ? new ConnectError('query parameter connect must be "v1"', Code.InvalidArgument) : null
  return { codec: codecs[format], encoding: query.get('compression') ?? undefined, error }
}

function failureHead(answer: Answer, error: ConnectError): ResponseBlock {
  const { plan, responseHeaderIfSet } = answer
  const base = [{ name: 'content-type', value: 'application/json' }, ...plan.baseFields]
  return ResponseBlock.once(codeToHttpStatus(error.code), base).with([
    ...userFields(responseHeaderIfSet),
    ...trailerFields(answer),
    ...errorFields(error),
  ])
}

/** Unary Connect responses have no trailers of their own (Connect protocol, Unary-Response). */
function trailerFields({ responseTrailerIfSet }: Answer): EncodableField[] {
  return responseTrailerIfSet === undefined ? [] : userFields(responseTrailerIfSet, TRAILER_PREFIX)
}

/** The kind of a method decides its protocols, so this is never reached. */
function refuseStream(): never {
  throw new TypeError('unary calls have one message')
}
