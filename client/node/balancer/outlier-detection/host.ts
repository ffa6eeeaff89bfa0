/** What outlier_detection knows of one endpoint. */
import type { AttemptOutcome } from '../../contracts/picker.ts'
import type { EjectableSubchannel } from './ejectable-subchannel.ts'

/** Counts its calls, and tells its subchannels when it is ejected. */
export class Host {
  readonly #subchannels = new Set<EjectableSubchannel>()
  #counting = { successes: 0, failures: 0 }
  #counted = { successes: 0, failures: 0 }
  #ejectedAtMs: number | null = null
  /** How often in a row it was ejected; less by one for each interval in which it is not. */
  #multiplier = 0

  get isEjected(): boolean {
    return this.#ejectedAtMs !== null
  }

  /** The calls that ended in the last interval. */
  get volume(): number {
    return this.#counted.successes + this.#counted.failures
  }

  /** Those among them that did not end with OK. */
  get failures(): number {
    return this.#counted.failures
  }

  /** From 0 to 1; only while `volume` is not 0. */
  get successRate(): number {
    return this.#counted.successes / this.volume
  }

  /** Attempts that our own side has abandoned count for nothing. */
  count({ error, isAbandoned }: AttemptOutcome): void {
    if (error === null) this.#counting.successes++
    else if (!isAbandoned) this.#counting.failures++
  }

  /** An interval is over, and the next one begins. */
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

  /** It has served its time, or another is one interval further away from the last one. */
  age(nowMs: number, { baseMs, maxMs }: { baseMs: number; maxMs: number }): void {
    if (this.#ejectedAtMs === null) this.#multiplier = Math.max(0, this.#multiplier - 1)
    else if (nowMs >= this.#ejectedAtMs + Math.min(baseMs * this.#multiplier, maxMs)) this.#readmit()
  }

  /** Nothing is held against it any more. */
  reset(): void {
    this.#multiplier = 0
    if (this.isEjected) this.#readmit()
  }

  #readmit(): void {
    this.#ejectedAtMs = null
    for (const subchannel of this.#subchannels) subchannel.setEjected(false)
  }
}
