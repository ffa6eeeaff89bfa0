/** The same call by every protocol, one after the other so that they do not slow each other down. */
import { type DescMethod, equals, type Message } from '@bufbuild/protobuf'
import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { ConsoleFacts, ConsoleProtocol } from '../../../../wire/console/console-facts.ts'
import type { CallStatus, MessageEntry } from '../../contracts/live-call.ts'
import type { RunningCall } from '../engine/running-call.ts'
import { PROTOCOLS, refusalOf } from '../protocols/protocol-facts.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'

/** What came of a protocol. */
export interface ComparedProtocol {
  readonly protocol: ConsoleProtocol
  /** Why it cannot carry the call; null if it can. */
  readonly refusal: string | null
  /** The first of the calls; null until it has ended. */
  readonly outcome: ComparedOutcome | null
  /** Of the calls that were repeated; null until there is one. */
  readonly latency: Percentiles | null
}

/** How a call ended, and what it weighed. */
export interface ComparedOutcome {
  readonly status: CallStatus
  /** The whole of a unary call, or up to the first message of a stream. */
  readonly durationMs: number
  readonly requestBody: Uint8Array
  readonly requestBytes: number
  readonly responseBody: Uint8Array
  readonly responseBytes: number
  /** The body of the response as it was compressed on the wire; null where the browser does not tell. */
  readonly encodedBytes: number | null
  /** The first response message; null if there was none. */
  readonly response: Message | null
  /** Whether the response is that of the first protocol with one; null if there is nothing to compare. */
  readonly isSame: boolean | null
}

/** What is compared. */
export interface ComparePlan {
  readonly method: DescMethod
  readonly message: Message
  readonly facts: ConsoleFacts
  /** Starts a call of the method, without its message. */
  readonly start: (protocol: ConsoleProtocol) => Promise<RunningCall>
  /** How many calls each protocol makes. */
  readonly repeats: number
  /** Returns the size of the latest response since a time, as it was compressed; null where nobody tells. */
  readonly encodedSince: (startMs: number) => Promise<number | null>
}

/** A comparison from its start to its end. */
export class Comparison {
  /** Never rejects. */
  readonly ended: Promise<void>
  readonly #plan: ComparePlan
  readonly #results: Signal<readonly ComparedProtocol[]> = signal([])
  readonly #isRunning: Signal<boolean> = signal(true)
  readonly #fault: Signal<string | null> = signal(null)
  #isStopped = false
  #current: RunningCall | null = null

  constructor(plan: ComparePlan) {
    this.#plan = plan
    this.ended = this.#run()
  }

  get results(): ReadonlySignal<readonly ComparedProtocol[]> {
    return this.#results
  }

  get isRunning(): ReadonlySignal<boolean> {
    return this.#isRunning
  }

  /** Why not all protocols have been called; null if nothing kept them from it. */
  get fault(): ReadonlySignal<string | null> {
    return this.#fault
  }

  stop(): void {
    this.#isStopped = true
    this.#current?.cancel()
  }

  async #run(): Promise<void> {
    const { method, facts } = this.#plan
    this.#results.value = PROTOCOLS.filter((protocol) => protocol !== 'grpc').map((protocol) => ({
      protocol,
      refusal: refusalOf(protocol, method, facts),
      outcome: null,
      latency: null,
    }))
    try {
      for (const { protocol, refusal } of this.#results.peek()) if (refusal === null) await this.#measure(protocol)
    } catch (error) {
      // As when the code of a protocol cannot be loaded.
      this.#fault.value = error instanceof Error ? error.message : String(error)
    }
    this.#isRunning.value = false
  }

  async #measure(protocol: ConsoleProtocol): Promise<void> {
    const durationsMs: number[] = []
    for (let turn = 0; turn < this.#plan.repeats && !this.#isStopped; turn++) {
      const outcome = await this.#callOnce(protocol, turn === 0)
      durationsMs.push(outcome.durationMs)
      this.#change(protocol, {
        ...(turn === 0 && { outcome }),
        ...(this.#plan.repeats > 1 && { latency: percentilesOf(durationsMs) }),
      })
    }
  }

  /** Only the first outcome is shown with its sizes, which the browser takes a moment to tell. */
  async #callOnce(protocol: ConsoleProtocol, isFirst: boolean): Promise<ComparedOutcome> {
    const { start, message, encodedSince } = this.#plan
    const startMs = performance.now()
    const call = await start(protocol)
    this.#current = call
    // Stopped while the call was being started.
    if (this.#isStopped) call.cancel()
    // A stream may have no end: its first message says how fast it is.
    const isStream = call.init.method.methodKind !== 'unary'
    const stopWatching = isStream ? call.counts.subscribe(({ received }) => received > 0 && call.cancel()) : () => {}
    // A call that fails before it takes its message says so by its status.
    await call.send(message).catch(() => {})
    const status = await call.ended
    stopWatching()
    const encodedBytes = protocol === 'websocket' || !isFirst ? null : await encodedSince(startMs)
    return this.#outcomeOf(call, status, encodedBytes)
  }

  #outcomeOf(call: RunningCall, status: CallStatus, encodedBytes: number | null): ComparedOutcome {
    const { firstMessageMs, endMs } = call.counts.peek()
    const isStream = call.init.method.methodKind !== 'unary'
    const response = firstResponse(call)
    const hasStarted = isStream && response !== null && status.code === 'CANCELLED' && !this.#isStopped
    return {
      status: hasStarted ? { ...status, code: 'OK', message: '' } : status,
      durationMs: (isStream ? firstMessageMs : null) ?? endMs ?? 0,
      requestBody: call.requestBody.toBytes(),
      requestBytes: call.requestBody.totalBytes,
      responseBody: call.responseBody.toBytes(),
      responseBytes: call.responseBody.totalBytes,
      encodedBytes,
      response,
      isSame: this.#isSame(call, response),
    }
  }

  #isSame({ init }: RunningCall, response: Message | null): boolean | null {
    const first = this.#results.peek().find(({ outcome }) => outcome !== null && outcome.response !== null)
    const other = first?.outcome?.response
    if (response === null || other == null) return null
    return equals(init.method.output, other, response)
  }

  #change(protocol: ConsoleProtocol, change: Partial<ComparedProtocol>): void {
    this.#results.value = this.#results
      .peek()
      .map((each) => (each.protocol === protocol ? { ...each, ...change } : each))
  }
}

function firstResponse(call: RunningCall): Message | null {
  const entry = call.timeline
    .peek()
    .find((each): each is MessageEntry => each.kind === 'message' && each.direction === 'received')
  return entry?.message ?? null
}
