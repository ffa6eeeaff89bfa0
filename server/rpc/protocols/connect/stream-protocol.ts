/** Connect streams: messages in envelopes. The last envelope is JSON that reports how the call ended. */
import { Buffer } from 'node:buffer'
import type { ConnectError } from '@connectrpc/connect'
import { codeFromString, errorToJson } from '@connectrpc/connect/protocol-connect'
import {
  ENVELOPE_PREFIX_BYTES,
  EnvelopeFlag,
  envelop,
  envelopeOnce,
  messageFlags,
  writeEncoded,
  writeEnvelope,
} from '../../../../wire/envelope.ts'
import { EnvelopeReader } from '../../../../wire/envelope-reader.ts'
import type { EncodableField } from '../../../../wire/http2/http2.ts'
import { errorFields, userFields } from '../../../../wire/user-fields.ts'
import { MediaFamily } from '../../exchange/call-head.ts'
import { refusePlainly } from '../../exchange/refusal.ts'
import { ResponseBlock } from '../../exchange/response-block.ts'
import { type Answer, POST_ALONE, type ServerProtocol } from '../server-protocol.ts'
import { CONNECT_HEAD, versionError } from './connect-head.ts'

const TYPES = new MediaFamily('application/connect', undefined)

/** The protocol of `application/connect+proto` and `application/connect+json`. */
export const connectStream: ServerProtocol = Object.freeze<ServerProtocol>({
  ...CONNECT_HEAD,
  hasHttpStatus: false,
  isEnveloped: true,
  overheadBytes: ENVELOPE_PREFIX_BYTES,
  compression: { header: 'connect-content-encoding', acceptHeader: 'connect-accept-encoding', isByMessage: true },
  contentTypes: TYPES.names,
  carries: (kind) => kind !== 'unary',
  verbsOf: () => POST_ALONE,
  contentType: (codec) => TYPES.of(codec),
  recognises: (head) => TYPES.includes(head.contentType),

  read(head, entry) {
    const format = TYPES.formatOf(head.contentType)
    if (format === undefined) return null
    const encoding = head.get('connect-content-encoding')
    return { codec: entry.codecs[format], encoding, error: versionError(head, entry) }
  },

  createReader: (exchange, { reading }) => new EnvelopeReader(exchange, reading),

  reply(answer, message, isCompressed) {
    return reply(answer, envelop(messageFlags(isCompressed), message, endOf(answer, null)))
  },

  replyEncoded: (answer, message) => reply(answer, envelopeOnce(message, endOf(answer, null))),

  begin(answer) {
    answer.exchange.respond(answer.successHead())
  },

  write: ({ exchange }, message, isCompressed) => writeEnvelope(exchange, message, isCompressed),
  writeEncoded: ({ exchange }, message) => writeEncoded(exchange, message),

  end(answer, error) {
    answer.exchange.end(endOf(answer, error))
  },

  fail(answer, error) {
    answer.exchange.reply(answer.successHead(), endOf(answer, error), null)
  },

  /** With an HTTP status, refuses as plain HTTP: the Connect protocol allows it before the stream begins. */
  refuse(error, head, httpStatus) {
    if (httpStatus !== undefined) return refusePlainly(error, httpStatus)
    const type = { name: 'content-type', value: head.typeOr('application/connect+json') }
    return {
      head: ResponseBlock.once(200, [type]),
      body: endWith({ error: errorToJson(error, undefined) }),
      code: error.code,
    }
  },

  endingCodeOf(_httpStatus, lastChunk) {
    if (lastChunk[0] !== EnvelopeFlag.END_STREAM) return undefined
    const text = new TextDecoder().decode(lastChunk.subarray(ENVELOPE_PREFIX_BYTES))
    const { error } = JSON.parse(text) as { error?: { code?: string } }
    return error?.code === undefined ? undefined : codeFromString(error.code)
  },
})

function reply(answer: Answer, body: Buffer): number {
  const { byteLength } = body
  answer.exchange.reply(answer.successHead(), body, null)
  return byteLength
}

interface EndOfStream {
  error?: object
  metadata?: Record<string, string[]>
}

/** The trailers and the error's metadata share one list (Connect protocol, EndStreamResponse). */
function endOf({ responseTrailerIfSet }: Answer, error: ConnectError | null): Buffer {
  const end: EndOfStream = {}
  if (error !== null) end.error = errorToJson(error, undefined)
  const fields = [...userFields(responseTrailerIfSet), ...(error === null ? [] : errorFields(error))]
  if (fields.length > 0) end.metadata = asLists(fields)
  return endWith(end)
}

function endWith(end: EndOfStream): Buffer {
  return envelop(EnvelopeFlag.END_STREAM, Buffer.from(JSON.stringify(end)))
}

/** The names come from the service. The object has no prototype, so names such as `__proto__` are safe. */
function asLists(fields: readonly EncodableField[]): Record<string, string[]> {
  const lists: Record<string, string[]> = Object.create(null)
  for (const { name, value } of fields) {
    lists[name] ??= []
    lists[name].push(value)
  }
  return lists
}
