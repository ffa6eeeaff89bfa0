/** A set of names under which calls are measured, and what it measures. Several may measure the same calls. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Code } from '@connectrpc/connect'
import type { AttemptStart } from '../../call-observer.ts'
import type { MetricRegistry, TraceIdentity } from './metric-registry.ts'

/** What calls that share all attributes, except for their status, have in common. */
export interface CallKey {
  readonly side: 'server' | 'client'
  readonly protocol: string
  /** Undefined for a method that nobody serves. */
  readonly method: DescMethod | undefined
  /** In a client the target of its channel; empty on a server. */
  readonly target: string
  /** In a client the caller's own label (gRFC A108); undefined if the label is not enabled, and on a server. */
  readonly label: string | undefined
}

/** How a call ended. */
export interface MeasuredEnd {
  readonly code: Code | undefined
  readonly seconds: number
  /** Of messages as they are on the wire, without their envelopes. */
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly sentMessages: number
  readonly receivedMessages: number
  /** Undefined if the call has no sampled span. */
  readonly example: TraceIdentity | undefined
}

/** How often a client tried, beyond the first attempt. */
export interface MeasuredRetries {
  readonly retries: number
  readonly transparentRetries: number
  readonly hedges: number
  readonly retryDelayMs: number
}

/** Measures calls that share a key. One object serves all of them, so it holds nothing of a single call. */
export interface CallMeter {
  onStart?(): void
  onAttempt?(start: AttemptStart): void
  onAttemptEnd?(end: Pick<MeasuredEnd, 'code' | 'seconds' | 'sentBytes' | 'receivedBytes'>): void
  onRetries?(retries: MeasuredRetries): void
  onEnd(end: MeasuredEnd): void
}

/** Creates the instruments of a set of names, and returns what makes the meter of a key; null if it has none for it. */
export type CallNames = (registry: MetricRegistry) => (key: CallKey) => CallMeter | null

/** Creates something for each status when it first occurs, as most calls end with few of the 17. */
export class ByCode<T> {
  readonly #create: (code: Code | undefined) => T
  readonly #created: (T | undefined)[] = []

  constructor(create: (code: Code | undefined) => T) {
    this.#create = create
  }

  at(code: Code | undefined): T {
    const index = code ?? 0
    const found = this.#created[index]
    if (found !== undefined) return found
    const created = this.#create(code)
    this.#created[index] = created
    return created
  }
}
