/** Sends the responses of REST: single messages, streams, octets and errors. */
import { Buffer } from 'node:buffer'
import type { ConnectError } from '@connectrpc/connect'
import { ErrorCode } from '../../../../../wire/http2/http2.ts'
import { errorFields, userFields } from '../../../../../wire/user-fields.ts'
import { ResponseBlock } from '../../../exchange/response-block.ts'
import type { Answer } from '../../server-protocol.ts'
import { errorContentType, errorJson, errorValue, type SentError } from '../errors/error-body.ts'
import { httpStatusOf } from '../errors/http-status.ts'
import { contentTypeOf } from '../response/http-body.ts'
import type { FieldNameMapping, RestSettings } from '../rest-options.ts'
import { RenamedAnswer, renamed } from './renamed-answer.ts'
import type { RestCodec } from './rest-codec.ts'
import { RestBodyReader } from './rest-reader.ts'

const TRAILERS = /(?:^|,)[\t ]*trailers[\t ]*(?:[;,]|$)/i

/** One for all calls of a lane. */
export class RestResponder {
  readonly #header: FieldNameMapping | null
  readonly #trailer: FieldNameMapping | null

  constructor({ responseHeader, responseTrailer }: RestSettings) {
    this.#header = responseHeader
    this.#trailer = responseTrailer
  }

  /** Sends a whole response of one message, and returns the number of body bytes. */
  reply(answer: Answer, message: Uint8Array, isCompressed: boolean): number {
    const { writesRaw } = codecOf(answer).operation
    const head = this.#named(answer).successHead(isCompressed)
    send(answer, { head: writesRaw ? typed(head, message) : head, body: message, trailers: this.#trailersOf(answer) })
    return message.byteLength
  }

  /** Starts a stream. Other responses start with their first message, whose content type is in the head. */
  begin(answer: Answer): void {
    codecOf(answer).stream?.begin(this.#named(answer))
  }

  /** Sends one message. */
  write(answer: Answer, message: Uint8Array): boolean {
    const { stream, operation } = codecOf(answer)
    if (stream !== null) return stream.write(answer, message)
    if (operation.writesRaw) return this.#writeRaw(answer, message)
    // The only message of a client stream that interceptors have made a stream of responses.
    this.reply(answer, message, false)
    return true
  }

  /** Ends a response that was started. */
  end(answer: Answer, error: ConnectError | null): void {
    const { stream, operation, errors } = codecOf(answer)
    const { exchange } = answer
    if (error !== null && exchange.sentStatus === 0) this.fail(answer, error)
    else if (stream !== null) {
      const value = error === null ? null : errorValue(sentError(error), errors)
      stream.end(answer, { error: value, trailers: this.#trailersOf(answer) })
    } else if (operation.writesRaw) this.#endRaw(answer, error)
  }

  /** Sends an error before anything else was sent. */
  fail(answer: Answer, error: ConnectError): void {
    const { errors, stream } = codecOf(answer)
    const sent = sentError(error)
    // As in grpc-gateway, a request that is no call has no envelope. Nor have problem details, by their media type (RFC 9457 section 3).
    const isEnveloped = stream?.name === 'envelope' && errors.form !== 'problem' && isCall(answer)
    const body = isEnveloped ? stream.wholeError(errorValue(sent, errors)) : errorJson(sent, errors)
    const base = [{ name: 'content-type', value: errorContentType(errors.form) }, ...answer.plan.baseFields]
    const fields = renamed([...userFields(answer.responseHeaderIfSet), ...errorFields(error)], this.#header)
    const head = ResponseBlock.once(sent.httpStatus, base).with(fields)
    send(answer, { head, body: Buffer.from(body), trailers: this.#trailersOf(answer) })
  }

  /** The content type is that of the first message. */
  #writeRaw(answer: Answer, octets: Uint8Array): boolean {
    const { exchange } = answer
    if (exchange.sentStatus === 0) exchange.respond(typed(this.#named(answer).successHead(), octets))
    return exchange.write(octets)
  }

  /** There is no place for a late error among octets: the client must not take a part for the whole. */
  #endRaw(answer: Answer, error: ConnectError | null): void {
    const { exchange } = answer
    const trailers = this.#trailersOf(answer)
    if (error !== null) exchange.reset(ErrorCode.INTERNAL_ERROR)
    else if (exchange.sentStatus === 0) {
      const head = this.#named(answer).successHead()
      send(answer, { head: typed(head, NO_OCTETS), body: NO_OCTETS, trailers })
    } else if (trailers === null) exchange.end()
    else exchange.endWithTrailers(trailers)
  }

  /** Returns the trailers for a client that wants some (RFC 9110 section 6.5.1); null for none. */
  #trailersOf({ responseTrailerIfSet, exchange }: Answer): ResponseBlock | null {
    if (responseTrailerIfSet === undefined || !TRAILERS.test(exchange.head.get('te') ?? '')) return null
    const fields = renamed(userFields(responseTrailerIfSet), this.#trailer)
    return fields.length === 0 ? null : ResponseBlock.once(0, fields)
  }

  #named(answer: Answer): Answer {
    if (this.#header === null || answer.responseHeaderIfSet === undefined) return answer
    return new RenamedAnswer(answer, this.#header)
  }
}

const NO_OCTETS = new Uint8Array(0)

function codecOf({ plan }: Answer): RestCodec {
  return plan.codec as RestCodec
}

function isCall({ reader }: Answer): boolean {
  return !(reader instanceof RestBodyReader) || reader.isBound
}

function sentError(error: ConnectError): SentError {
  return { error, code: error.code, httpStatus: httpStatusOf(error) }
}

/** Returns a head with the content type of `google.api.HttpBody`. */
function typed(head: ResponseBlock, octets: Uint8Array): ResponseBlock {
  return head.with([{ name: 'content-type', value: contentTypeOf(octets) }])
}

interface WholeResponse {
  readonly head: ResponseBlock
  readonly body: Uint8Array
  readonly trailers: ResponseBlock | null
}

/** A response to HEAD has no body (RFC 9110 section 9.3.2). */
function send({ exchange }: Answer, { head, body, trailers }: WholeResponse): void {
  if (exchange.head.method === 'HEAD') exchange.respond(head, true)
  else exchange.reply(head, body, trailers)
}
