/** Translates what Fastify answers to a call for an unknown method into the protocol of the caller. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Code, ConnectError } from '@connectrpc/connect'
import { clipValue } from '../../wire/text/clip-text.ts'
import { sendRefusal } from '../listen/end-request.ts'
import { CallHead } from '../rpc/exchange/call-head.ts'
import type { CallerProtocol } from '../rpc/exchange/caller-protocol.ts'
import { headOf } from '../rpc/exchange/node-request.ts'
import { type AnswerTranslator, AnswerWatch, type ForeignAnswer } from './answer-watch.ts'
import { errorOfAnswer } from './foreign-error.ts'
import { type HookFields, mergeHead } from './merge-head.ts'

/** Watches the response of a request in an RPC protocol that none of our routes matches. */
export function watchUnserved(request: IncomingMessage, response: ServerResponse, protocol: CallerProtocol): void {
  new AnswerWatch(response, new UnservedCall(request, response, protocol))
}

class UnservedCall implements AnswerTranslator {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #protocol: CallerProtocol
  readonly #path: string
  /** The prefix of content types in the protocol of the request. */
  readonly #type: string

  constructor(request: IncomingMessage, response: ServerResponse, protocol: CallerProtocol) {
    this.#request = request
    this.#response = response
    this.#protocol = protocol
    // Kept now, because a router may rewrite the URL.
    this.#path = (request.url ?? '').split('?', 1)[0] ?? ''
    this.#type = /^[^+;]+/.exec(request.headers['content-type'] ?? '')?.[0] ?? 'application/'
  }

  /** A route of the app may speak the protocol itself, for example as a proxy. */
  lets(status: number, contentType: string): boolean {
    return status < 400 && contentType.startsWith(this.#type)
  }

  /** Keeps the fields that hooks have set, such as those of CORS, but not the body. */
  translate(answer: ForeignAnswer): void {
    const response = this.#response
    const fields = { ...response.getHeaders(), ...answer.fields }
    const error = this.#errorOf(answer, fields)
    const head = new CallHead(headOf(this.#request))
    const httpStatus = this.#protocol.hasHttpStatus && answer.status >= 400 ? answer.status : undefined
    const refusal = this.#protocol.refuse(error, head, httpStatus)
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    sendRefusal(this.#request, response, { ...refusal, head: mergeHead(refusal.head, fields) })
  }

  /** A page, or a 404, means that the method does not exist. */
  #errorOf(answer: ForeignAnswer, fields: HookFields): ConnectError {
    const isMissing = answer.status < 400 || answer.status === 404
    if (isMissing) return new ConnectError(`${clipValue(this.#path)} is not implemented`, Code.Unimplemented)
    return errorOfAnswer({ ...answer, fields })
  }
}
