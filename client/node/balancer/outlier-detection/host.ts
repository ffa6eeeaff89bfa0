/** The state of an endpoint in outlier_detection. */
import type { AttemptOutcome } from '../../contracts/picker.ts'
import type { EjectableSubchannel } from './ejectable-subchannel.ts'

/** Counts the calls of an endpoint, and marks its subchannels when it is ejected. */
export class Host {
  readonly #subchannels = new Set<EjectableSubchannel>()
  #counting = { successes: 0, failures: 0 }
  #counted = { successes: 0, failures: 0 }
  #ejectedAtMs: number | null = null
  /** Ejections in a row; decreases by one for each interval without one. */
  #multiplier = 0

  get isEjected(): boolean {
    return this.#ejectedAtMs !== null
  }

  /** Calls that ended in the last interval. */
  get volume(): number {
    return this.#counted.successes + this.#counted.failures
  }

  /** Calls of the last interval that failed. */
  get failures(): number {
    return this.#counted.failures
  }

  /** From 0 to 1. Valid only if `volume` is not 0. */
  get successRate(): number {
    return this.#counted.successes / this.volume
  }

  /** Counts an attempt, unless our own side has abandoned it. */
  count({ error, isAbandoned }: AttemptOutcome): void {
    if (error === null) this.#counting.successes++
    else if (!isAbandoned) this.#counting.failures++
  }

  /** Starts the next interval. */
  swapBuckets(): void {
    this.#counted = this.#counting
    this.#counting = { successes: 0, failures: 0 }
  }

  add(subchannel: EjectableSubchannel): void {
    this.#subchannels.add(subchannel)
    subchannel.setEjected(this.isEjected)
  }

  delete(subchannel: EjectableSubchannel): void {
    this.#subchannels.delete(subchannel)
  }

  eject(nowMs: number): void {
    this.#ejectedAtMs = nowMs
    this.#multiplier++
    for (const subchannel of this.#subchannels) subchannel.setEjected(true)
  }

  /** Ends an ejection whose time is over; otherwise decreases the multiplier. */
  age(nowMs: number, { baseMs, maxMs }: { baseMs: number; maxMs: number }): void {
    if (this.#ejectedAtMs === null) this.#multiplier = Math.max(0, this.#multiplier - 1)
    else if (nowMs >= this.#ejectedAtMs + Math.min(baseMs * this.#multiplier, maxMs)) this.#readmit()
  }

  /** Ends the ejection, and resets the multiplier. */
  reset(): void {
    this.#multiplier = 0
    if (this.isEjected) this.#readmit()
  }

  #readmit(): void {
    this.#ejectedAtMs = null
    for (const subchannel of this.#subchannels) subchannel.setEjected(false)
  }
}
