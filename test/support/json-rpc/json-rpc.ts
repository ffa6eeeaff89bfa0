/**
 * JSON-RPC 2.0 as a protocol of its own: `POST /json-rpc/package.Service.Method`, a deadline in `x-timeout-ms`, errors as error
 * objects. A server stream is answered by one response a line; a client stream lists its messages in `params`.
 */
import { Buffer } from 'node:buffer'
import type { ConnectError } from '@connectrpc/connect'
import { codeToHttpStatus } from '@connectrpc/connect/protocol-connect'
import type { Refusal } from '../../../server/rpc/exchange/refusal.ts'
import { ResponseBlock } from '../../../server/rpc/exchange/response-block.ts'
import {
  type Answer,
  POST_ALONE,
  type ServedMethod,
  type ServerProtocol,
} from '../../../server/rpc/protocols/server-protocol.ts'
import { errorFields, userFields } from '../../../wire/user-fields.ts'
import { codeOf, failureOf } from './json-rpc-error.ts'
import { JsonRpcReader, nameOf, type RequestId } from './json-rpc-reader.ts'

const TYPE = 'application/json-rpc'
const PREFIX = '/json-rpc/'
const NEWLINE = Buffer.from('\n')

/** The protocol; `jsonRpc: false` in the options of a service switches it off for that service. */
export const jsonRpc: ServerProtocol = Object.freeze<ServerProtocol>({
  name: 'json-rpc',
  option: 'jsonRpc',
  hasHttpStatus: true,
  isEnveloped: false,
  overheadBytes: 0,
  compression: null,
  contentTypes: [TYPE, 'application/json'],
  carries: (kind) => kind !== 'bidi_streaming',
  verbsOf: () => POST_ALONE,
  contentType: () => TYPE,
  recognises: (head) => head.path.includes(PREFIX) || head.contentType.essence === TYPE,
  timeoutMsOf: (head) =>
    head.timeoutMs('x-timeout-ms', (value) => (/^\d{1,9}$/.test(value) ? Number(value) : undefined)),

  createRoutes(methods: readonly ServedMethod[]) {
    const all = methods.map((method) => ({ url: PREFIX + nameOf(method.path), verbs: POST_ALONE, method }))
    const byPath = new Map(all.map((route) => [route.url, route]))
    return { all, find: ({ path }) => byPath.get(path) }
  },

  read(head, { codecs }, route) {
    const isOurs = route !== null && jsonRpc.contentTypes.includes(head.contentType.essence)
    return isOurs ? { codec: codecs.json, encoding: undefined, error: null } : null
  },

  createReader: (exchange, plan) => new JsonRpcReader(exchange, plan),

  reply(answer, message) {
    const body = resultOf(answer, message)
    answer.exchange.reply(answer.successHead(), body, null)
    return body.byteLength
  },

  begin(answer) {
    answer.exchange.respond(answer.successHead())
  },

  write: (answer, message) => answer.exchange.write(Buffer.concat([resultOf(answer, message), NEWLINE])),

  end(answer, error) {
    answer.exchange.end(error === null ? undefined : errorOf(idOf(answer), error))
  },

  fail(answer, error) {
    const { plan, responseHeaderIfSet } = answer
    const type = { name: 'content-type', value: TYPE }
    const head = ResponseBlock.once(codeToHttpStatus(error.code), [type, ...plan.baseFields])
    const fields = [...userFields(responseHeaderIfSet), ...errorFields(error)]
    answer.exchange.reply(head.with(fields), errorOf(idOf(answer), error), null)
  },

  refuse(error, _head, httpStatus = codeToHttpStatus(error.code)): Refusal {
    const head = ResponseBlock.once(httpStatus, [{ name: 'content-type', value: TYPE }])
    return { head, body: errorOf(null, error), code: error.code }
  },

  endingCodeOf(_httpStatus, lastChunk) {
    const { error } = JSON.parse(Buffer.from(lastChunk).toString())
    return error === undefined ? undefined : codeOf(error)
  },
})

function idOf({ reader }: Answer): RequestId {
  return (reader as JsonRpcReader).id
}

function resultOf(answer: Answer, message: Uint8Array): Buffer {
  const id = JSON.stringify(idOf(answer))
  return Buffer.concat([Buffer.from('{"jsonrpc":"2.0","result":'), message, Buffer.from(`,"id":${id}}`)])
}

function errorOf(id: RequestId, error: ConnectError): Buffer {
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', error: failureOf(error), id }))
}
