/** A server with one event loop, and its clients, on simulated time. */
import type { DescMethod } from '@bufbuild/protobuf'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { type AdaptiveLimit, type AdaptiveLimitState, adaptiveLimit } from '../../server/limits/adaptive-limit.ts'
import type { AdaptiveLimitOptions } from '../../server/limits/adaptive-limit-options.ts'
import type { Admission } from '../../server/rpc/admission.ts'
import { SeededRandom } from './seeded-random.ts'

/** What a call needs. */
export interface SimulatedWork {
  /** Blocks the event loop. */
  readonly cpuMs: number
  /** Waits after that, for a database for example. Default: 0. */
  readonly waitMs?: number
  /** Default: `SayHello`. */
  readonly method?: DescMethod
  /** Default: none. */
  readonly header?: Readonly<Record<string, string>>
  readonly isStream?: boolean
}

/** Calls that arrive at random times, whether or not others are answered. */
export interface SimulatedLoad {
  readonly forMs: number
  readonly perSecond: number
  /** The work of the next call. */
  readonly work: (random: () => number) => SimulatedWork
}

/** A call that is over. */
export interface SimulatedCall {
  readonly work: SimulatedWork
  readonly arrivedAtMs: number
  readonly endedAtMs: number
  readonly isShed: boolean
}

interface Arrival {
  readonly work: SimulatedWork
  readonly arrivedAtMs: number
}

interface Waiting extends Arrival {
  readonly startedAtMs: number
  readonly dueAtMs: number
  readonly admission: Admission | null
}

/** What it costs to read the headers of a call and to refuse it. */
const REFUSAL_MS = 0.03

/** Runs loads one after the other. All that requests have sent is read once in each turn of the loop. */
export class OverloadSimulation {
  nowMs = 0
  readonly calls: SimulatedCall[] = []
  readonly limit: AdaptiveLimit
  #idleMs = 0
  #nextArrivalAtMs = 0
  #unread: Arrival[] = []
  #waiting: Waiting[] = []
  #turnEnds: (() => void)[] = []
  readonly #seeded = new SeededRandom(1_583)
  readonly #random = () => this.#seeded.next()

  constructor(options: AdaptiveLimitOptions = {}) {
    const readTimes = () => {
      const activeMs = this.nowMs - this.#idleMs
      return { activeMs, idleMs: this.#idleMs, cpuMs: activeMs }
    }
    const runtime = {
      now: () => this.nowMs,
      readTimes,
      onTurnEnd: (callback: () => void) => void this.#turnEnds.push(callback),
      random: this.#random,
    }
    this.limit = adaptiveLimit({ ...options, runtime })
  }

  /** Runs a load, and calls back after each turn. Returns the calls that arrived in it and are over. */
  run(load: SimulatedLoad, onTurn: (state: AdaptiveLimitState) => void = () => {}): SimulatedCall[] {
    const startMs = this.nowMs
    const endMs = startMs + load.forMs
    this.#nextArrivalAtMs = startMs
    while (this.nowMs < endMs) {
      this.#receive(load)
      if (!this.#runTurn()) this.#sleep(endMs)
      onTurn(this.limit.state)
    }
    return this.calls.filter(({ arrivedAtMs }) => arrivedAtMs >= startMs)
  }

  #receive({ perSecond, work }: SimulatedLoad): void {
    while (this.#nextArrivalAtMs <= this.nowMs) {
      this.#unread.push({ work: work(this.#random), arrivedAtMs: this.#nextArrivalAtMs })
      this.#nextArrivalAtMs += (-Math.log(1 - this.#random()) * 1_000) / perSecond
    }
  }

  #runTurn(): boolean {
    const due = this.#waiting.filter(({ dueAtMs }) => dueAtMs <= this.nowMs)
    this.#waiting = this.#waiting.filter(({ dueAtMs }) => dueAtMs > this.nowMs)
    const unread = this.#unread
    this.#unread = []
    for (const call of due) this.#end(call)
    for (const arrival of unread) this.#answer(arrival)
    const ends = this.#turnEnds
    this.#turnEnds = []
    for (const callback of ends) callback()
    return due.length + unread.length + ends.length > 0
  }

  #answer({ work, arrivedAtMs }: Arrival): void {
    const { cpuMs, waitMs = 0, method = GreeterService.method.sayHello, isStream = false, header = {} } = work
    const startedAtMs = this.nowMs
    this.nowMs += REFUSAL_MS
    try {
      const admission =
        this.limit.admission?.admit({
          method,
          isStream,
          startedAtMs,
          header: new Headers(header),
          peer: { address: '', port: 0, tls: undefined, certificate: undefined },
        }) ?? null
      this.nowMs += cpuMs
      const call = { work, arrivedAtMs, startedAtMs, admission, dueAtMs: this.nowMs + waitMs }
      if (waitMs === 0) this.#end(call)
      else this.#waiting.push(call)
    } catch {
      this.calls.push({ work, arrivedAtMs, endedAtMs: this.nowMs, isShed: true })
    }
  }

  #end({ work, arrivedAtMs, startedAtMs, admission }: Waiting): void {
    admission?.end({ code: undefined, durationMs: this.nowMs - startedAtMs })
    this.calls.push({ work, arrivedAtMs, endedAtMs: this.nowMs, isShed: false })
  }

  #sleep(endMs: number): void {
    const nextMs = Math.min(endMs, this.#nextArrivalAtMs, ...this.#waiting.map(({ dueAtMs }) => dueAtMs))
    this.#idleMs += Math.max(0, nextMs - this.nowMs)
    this.nowMs = Math.max(this.nowMs, nextMs)
  }
}

/** The share of calls that were answered. */
export function answeredShare(calls: readonly SimulatedCall[]): number {
  return calls.filter(({ isShed }) => !isShed).length / calls.length
}

/** The latency of answered calls that a share of them did not exceed, as the clients saw it. */
export function latencyMs(calls: readonly SimulatedCall[], share: number): number {
  const latencies = calls
    .filter(({ isShed }) => !isShed)
    .map(({ arrivedAtMs, endedAtMs }) => endedAtMs - arrivedAtMs)
    .sort((a, b) => a - b)
  return latencies[Math.floor(latencies.length * share)] ?? 0
}
