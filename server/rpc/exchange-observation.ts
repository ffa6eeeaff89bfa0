/** Reports an exchange to the observers of its port: its start, its messages, its end. */
import type { X509Certificate } from 'node:crypto'
import type { DescMethod, Message } from '@bufbuild/protobuf'
import { Code, type ConnectError } from '@connectrpc/connect'
import type { CallObservation, CallObserver, CallStart, CallTrace, HeaderReader } from '../../wire/call-observer.ts'
import type { MessageDecoder, MessageReader } from '../../wire/envelope-reader.ts'
import { ConcealedError } from '../interceptors/call-outcome.ts'
import type { CallPlan } from './call-plan.ts'
import type { Exchange } from './exchange/exchange.ts'
import { FieldReader } from './exchange/field-reader.ts'
import type { ProtocolPlan } from './protocols/server-protocol.ts'

/** What is known of an exchange from its head. */
export interface ObservedHead {
  /** `http` for ordinary HTTP. */
  readonly protocol: string
  readonly method: DescMethod | undefined
  /** The route of a call by a protocol route, with its variables. */
  readonly route?: string | undefined
}

/** How an exchange ended. */
export interface ExchangeEnd {
  /** Undefined for success. */
  readonly code: Code | undefined
  readonly error: ConnectError | null
  readonly receivedBytes: number
  /** In milliseconds, on the clock of `openedAtMs`. */
  readonly endedAtMs: number
}

/** Created only when there are observers. Never throws. */
export class ExchangeObservation implements MessageDecoder<Message> {
  readonly #exchange: Exchange
  readonly #observation: CallObservation
  #plan: CallPlan | null = null
  #reader: MessageReader<Message> | null = null
  /** The body bytes up to the end of the last message. */
  #readBytes = 0
  #receivedMessages = 0
  #sentMessages = 0

  private constructor(exchange: Exchange, observation: CallObservation) {
    this.#exchange = exchange
    this.#observation = observation
  }

  /** The span of the call; undefined without one. */
  get trace(): CallTrace | undefined {
    return this.#observation.trace
  }

  /** Returns null if no observer is interested. */
  static start(observer: CallObserver, exchange: Exchange, head: ObservedHead): ExchangeObservation | null {
    const observation =
      exchange.observation === undefined ? observer.onStart(new ExchangeStart(exchange, head)) : exchange.observation
    return observation === null ? null : new ExchangeObservation(exchange, observation)
  }

  /** Creates the reader of a call, and counts messages as it decodes them. */
  createReader(plan: CallPlan): MessageReader<Message> {
    const reader = plan.protocol.createReader(this.#exchange, countedPlan(plan, this))
    this.#plan = plan
    this.#reader = reader
    return reader
  }

  get copiesOctets(): boolean {
    return this.#plan?.reading.decoder.copiesOctets === true
  }

  decode(data: Uint8Array, start = 0, end = data.length): Message {
    const plan = this.#plan as CallPlan
    const message = plan.reading.decoder.decode(data, start, end)
    const { receivedBytes } = this.#reader as MessageReader<Message>
    const bodyBytes = receivedBytes - this.#readBytes
    this.#readBytes = receivedBytes
    this.#receivedMessages += 1
    // The message of a GET is in the query, so it takes no body bytes.
    const onWire = bodyBytes === 0 ? end - start : bodyBytes - plan.protocol.overheadBytes
    this.#observation.onReceived?.(onWire, end - start)
    return message
  }

  /** Counts a message that was handed to the transport. */
  onSent(compressedBytes: number, bytes: number): void {
    this.#sentMessages += 1
    this.#observation.onSent?.(compressedBytes, bytes)
  }

  onEnd({ code, error, receivedBytes, endedAtMs }: ExchangeEnd): void {
    const { sentStatus, sentBytes, openedAtMs, connection } = this.#exchange
    const end = {
      code,
      error,
      httpStatus: sentStatus === 0 ? undefined : sentStatus,
      receivedBytes,
      sentBytes,
      receivedMessages: this.#receivedMessages,
      sentMessages: this.#sentMessages,
      durationMs: endedAtMs - openedAtMs,
      peer: connection.peer,
      trace: this.#observation.trace,
    }
    const errorId = error === null ? undefined : ConcealedError.idOf(error)
    this.#observation.onEnd(errorId === undefined ? end : { ...end, errorId })
  }
}

/** Getters, because most observers read only a few of these. */
class ExchangeStart implements CallStart {
  readonly side = 'server'
  readonly protocol: string
  readonly method: DescMethod | undefined
  readonly route: string | undefined
  readonly #exchange: Exchange

  constructor(exchange: Exchange, { protocol, method, route }: ObservedHead) {
    this.#exchange = exchange
    this.protocol = protocol
    this.method = method
    this.route = route
  }

  get path(): string {
    const { path } = this.#exchange.head
    const mark = path.indexOf('?')
    return mark < 0 ? path : path.slice(0, mark)
  }

  get httpMethod(): string {
    return this.#exchange.head.method
  }

  get httpVersion(): string {
    return this.#exchange.connection.httpVersion
  }

  get header(): HeaderReader {
    return new FieldReader(this.#exchange.head.fields)
  }

  get peer(): string {
    return this.#exchange.connection.peer
  }

  get certificate(): X509Certificate | undefined {
    return this.#exchange.connection.tls?.certificate
  }

  get connection(): object {
    return this.#exchange.connection
  }

  get target(): string {
    return this.#exchange.head.authority
  }

  get startedAtMs(): number {
    return this.#exchange.openedAtMs
  }
}

/** The same plan with a decoder that counts. Copied field by field, which is much cheaper than spreading frozen objects. */
function countedPlan(plan: CallPlan, decoder: MessageDecoder<Message>): ProtocolPlan {
  const { entry, protocol, route, codec, reading, baseFields, head, compressedHead } = plan
  const { maxBytes, compression, isSingle = false, truncatedCode = Code.InvalidArgument } = reading
  const counted = { maxBytes, compression, isSingle, truncatedCode, decoder }
  return { entry, protocol, route, codec, reading: counted, baseFields, head, compressedHead }
}
