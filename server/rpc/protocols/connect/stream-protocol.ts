/** Connect's streams: messages in envelopes; the last envelope is JSON that says how the call ended. */

import { Buffer } from 'node:buffer'
import type { ConnectError } from '@connectrpc/connect'
import { errorToJson } from '@connectrpc/connect/protocol-connect'
import { EnvelopeFlag, envelop, messageFlags, writeEnvelope } from '../../../../wire/envelope.ts'
import { EnvelopeReader } from '../../../../wire/envelope-reader.ts'
import type { EncodableField } from '../../../../wire/http2/http2.ts'
import { parseConnectTimeout } from '../../../../wire/timeout-header.ts'
import { errorFields, userFields } from '../../../../wire/user-fields.ts'
import { successHead } from '../answer-head.ts'
import type { Answer, ServerProtocol } from '../server-protocol.ts'

/** The protocol of `application/connect+proto` and `application/connect+json`. */
export const connectStream: ServerProtocol = Object.freeze<ServerProtocol>({
  name: 'connect',
  timeoutHeader: 'connect-timeout-ms',
  parseTimeout: parseConnectTimeout,
  encodingHeader: 'connect-content-encoding',
  acceptEncodingHeader: 'connect-accept-encoding',
  compressesMessages: true,
  contentType: (codec) => (codec === 'proto' ? 'application/connect+proto' : 'application/connect+json'),

  createReader: (exchange, { reading }) => new EnvelopeReader(exchange, reading),

  reply(answer, message, isCompressed) {
    const body = envelop(messageFlags(isCompressed), message, endOf(answer, null))
    answer.exchange.reply(successHead(answer), body, null)
    return body.byteLength
  },

  begin(answer) {
    answer.exchange.respond(successHead(answer))
  },

  write: writeEnvelope,

  end(answer, error) {
    answer.exchange.end(endOf(answer, error))
  },

  fail(answer, error) {
    answer.exchange.reply(successHead(answer), endOf(answer, error), null)
  },
})

function endOf({ responseTrailerIfSet }: Answer, error: ConnectError | null): Buffer {
  const end: { error?: object; metadata?: Record<string, string[]> } = {}
  if (error !== null) end.error = errorToJson(error, undefined)
  const fields = [...userFields(responseTrailerIfSet), ...(error === null ? [] : errorFields(error))]
  if (fields.length > 0) end.metadata = asLists(fields)
  return envelop(EnvelopeFlag.END_STREAM, Buffer.from(JSON.stringify(end)))
}

/** Names are the service's: without a prototype none of them means anything to JavaScript. */
function asLists(fields: readonly EncodableField[]): Record<string, string[]> {
  const lists: Record<string, string[]> = Object.create(null)
  for (const { name, value } of fields) {
    lists[name] ??= []
    lists[name].push(value)
  }
  return lists
}
