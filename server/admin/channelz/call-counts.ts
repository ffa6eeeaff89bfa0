/** Counts the calls of a server, and what each of its connections carries. */
import { Code } from '@connectrpc/connect'
import type { CallEnd, CallObservation, CallObserver, CallStart } from '../../../wire/call-observer.ts'
import { CallCounter } from '../../../wire/channelz/call-counter.ts'
import { SessionStats } from '../../../wire/http2/session-stats.ts'

/**
 * What a connection has carried. Its requests, ordinary ones too, count as streams; channelz shows that over HTTP/1.1. Times are in
 * milliseconds of `performance.now()`; -1 for never.
 */
export class CarriedCalls extends SessionStats {
  messagesSent = 0
  messagesReceived = 0
  lastMessageSentAtMs = -1
  lastMessageReceivedAtMs = -1
}

/** Observes a server. The counts of a connection are dropped with it. */
export class CallCounts implements CallObserver {
  /** Ordinary requests do not count. */
  readonly calls = new CallCounter()
  readonly #carried = new WeakMap<object, CarriedCalls>()

  onStart(call: CallStart): CallObservation {
    const isCall = call.protocol !== 'http'
    const carried = this.#carriedBy(call.connection)
    if (isCall) this.calls.begin(call.startedAtMs)
    carried.streamsStarted += 1
    carried.lastStreamStartedAtMs = call.startedAtMs
    return new CountedCall(carried, isCall ? this.calls : null)
  }

  /** Returns what a connection has carried; undefined before its first request. */
  carriedBy(connection: object): CarriedCalls | undefined {
    return this.#carried.get(connection)
  }

  #carriedBy(connection: object | undefined): CarriedCalls {
    const carried = (connection && this.#carried.get(connection)) ?? new CarriedCalls()
    if (connection !== undefined) this.#carried.set(connection, carried)
    return carried
  }
}

class CountedCall implements CallObservation {
  readonly #carried: CarriedCalls
  /** Null for an ordinary request. */
  readonly #calls: CallCounter | null
  #sent = 0
  #received = 0

  constructor(carried: CarriedCalls, calls: CallCounter | null) {
    this.#carried = carried
    this.#calls = calls
  }

  onSent(): void {
    this.#sent += 1
    this.#addSent(1)
  }

  onReceived(): void {
    this.#received += 1
    this.#addReceived(1)
  }

  /** A request has succeeded, whatever its code, if its response was sent to the end (gRFC A14). */
  onEnd({ code, httpStatus, sentMessages, receivedMessages }: CallEnd): void {
    this.#calls?.end(code === undefined)
    // The reference lane reports messages only here.
    if (this.#sent < sentMessages) this.#addSent(sentMessages - this.#sent)
    if (this.#received < receivedMessages) this.#addReceived(receivedMessages - this.#received)
    if (httpStatus === undefined || code === Code.Canceled) this.#carried.streamsFailed += 1
    else this.#carried.streamsSucceeded += 1
  }

  #addSent(messages: number): void {
    this.#carried.messagesSent += messages
    this.#carried.lastMessageSentAtMs = performance.now()
  }

  #addReceived(messages: number): void {
    this.#carried.messagesReceived += messages
    this.#carried.lastMessageReceivedAtMs = performance.now()
  }
}
