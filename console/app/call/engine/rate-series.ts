/** Messages and octets of a call per second, for charts. */

/** What happened in one second of a call. */
export interface RatePoint {
  /** From 0, since the start of the call. */
  readonly second: number
  readonly sent: number
  readonly received: number
  readonly sentBytes: number
  readonly receivedBytes: number
  /** The mean time from a message that was sent to the next one that was received; null if there was no such pair. */
  readonly roundTripMs: number | null
}

/** How many seconds are kept: ten minutes. */
const MAX_SECONDS = 600

interface Sums {
  second: number
  sent: number
  received: number
  sentBytes: number
  receivedBytes: number
  roundTrips: number
  roundTripSumMs: number
}

/** Aggregates messages per second, in bounded memory. */
export class RateSeries {
  readonly #seconds: Sums[] = []
  /** When the oldest message was sent that nothing has been received after. */
  #unansweredMs: number | null = null

  add(direction: 'sent' | 'received', atMs: number, sizeBytes: number): void {
    const sums = this.#at(Math.floor(atMs / 1_000))
    if (direction === 'sent') {
      sums.sent += 1
      sums.sentBytes += sizeBytes
      this.#unansweredMs ??= atMs
      return
    }
    sums.received += 1
    sums.receivedBytes += sizeBytes
    if (this.#unansweredMs === null) return
    sums.roundTrips += 1
    sums.roundTripSumMs += atMs - this.#unansweredMs
    this.#unansweredMs = null
  }

  /** Returns a point for each second up to the time, oldest first. Seconds without messages are zeros. */
  points(untilMs: number): readonly RatePoint[] {
    this.#at(Math.floor(untilMs / 1_000))
    return this.#seconds.map(({ roundTrips, roundTripSumMs, ...sums }) => ({
      ...sums,
      roundTripMs: roundTrips === 0 ? null : roundTripSumMs / roundTrips,
    }))
  }

  #at(second: number): Sums {
    const last = this.#seconds.at(-1)
    if (last !== undefined && last.second >= second) return last
    const first = Math.max(last === undefined ? 0 : last.second + 1, second - MAX_SECONDS + 1)
    let added = emptySums(first)
    this.#seconds.push(added)
    for (let next = first + 1; next <= second; next++) {
      added = emptySums(next)
      this.#seconds.push(added)
    }
    if (this.#seconds.length > MAX_SECONDS) this.#seconds.splice(0, this.#seconds.length - MAX_SECONDS)
    return added
  }
}

function emptySums(second: number): Sums {
  return { second, sent: 0, received: 0, sentBytes: 0, receivedBytes: 0, roundTrips: 0, roundTripSumMs: 0 }
}
