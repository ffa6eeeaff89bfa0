/** Tries addresses until one is READY (gRFC A61, Happy Eyeballs of RFC 8305). */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Clock, ScheduledTimer } from '../../../../wire/http2/http2.ts'
import type { SubchannelChange } from '../../contracts/subchannel.ts'
import type { Candidate, CandidateList } from './candidate-list.ts'

/** Delay before the next address is tried in parallel (RFC 8305, section 5). */
const ATTEMPT_DELAY_MS = 250

/** The events of a pass. */
export interface ConnectPassEvents {
  /** The first candidate is READY. The pass ends. */
  onReady(winner: Candidate): void
  /** All candidates have failed, or failed again; `error` is the last failure. The pass goes on. */
  onAllFailed(error: ConnectError): void
}

/**
 * Tries one address after the other, starting the next when one fails or is slow. Once all have failed, each is retried after its own
 * backoff.
 */
export class ConnectPass {
  readonly #candidates: CandidateList
  readonly #clock: Clock
  readonly #events: ConnectPassEvents
  #phase: 'resting' | 'first pass' | 'retrying' = 'resting'
  /** Position of the last address that was tried. */
  #position = -1
  #timer: ScheduledTimer | null = null
  #failuresSincePass = 0
  #lastError: ConnectError | undefined

  constructor(candidates: CandidateList, clock: Clock, events: ConnectPassEvents) {
    this.#candidates = candidates
    this.#clock = clock
    this.#events = events
  }

  /** Starts with the first address, even if a pass is under way. May call the events before it returns. */
  start(): void {
    this.#phase = 'first pass'
    this.#position = -1
    for (const candidate of this.#candidates.all) candidate.progress = 'untried'
    this.#tryNext()
  }

  stop(): void {
    this.#phase = 'resting'
    this.#stopTimer()
  }

  /** Handles a change of a candidate that is not selected. */
  onChange(candidate: Candidate, { state, error }: SubchannelChange): void {
    if (this.#phase === 'resting') return
    if (state === 'READY') this.#win(candidate)
    else if (state === 'TRANSIENT_FAILURE') this.#onFailure(candidate, error)
    else if (state === 'IDLE') this.#onIdle(candidate)
  }

  /** Tries the next address that is not in backoff, and starts the delay. */
  #tryNext(): void {
    this.#stopTimer()
    const list = this.#candidates.all
    while (++this.#position < list.length) {
      const candidate = list[this.#position]
      if (candidate !== undefined && this.#try(candidate)) {
        if (this.#phase === 'first pass' && this.#position + 1 < list.length) this.#startTimer()
        return
      }
    }
    this.#retryIfAllFailed()
  }

  /** Returns false for a candidate in backoff. */
  #try(candidate: Candidate): boolean {
    const { subchannel } = candidate
    candidate.progress = subchannel.state === 'TRANSIENT_FAILURE' ? 'failed' : 'tried'
    if (candidate.progress === 'failed') this.#lastError = subchannel.lastError
    else if (subchannel.state === 'READY') this.#win(candidate)
    else subchannel.connect()
    return candidate.progress === 'tried'
  }

  #win(candidate: Candidate): void {
    this.stop()
    this.#events.onReady(candidate)
  }

  /** Reconnects after the backoff; during the first pass, only once that has ended. */
  #onIdle({ subchannel, progress }: Candidate): void {
    if (this.#phase === 'retrying' || progress === 'tried') subchannel.connect()
  }

  #onFailure(candidate: Candidate, error: ConnectError | undefined): void {
    this.#lastError = error
    candidate.progress = 'failed'
    if (this.#phase === 'retrying') this.#onRetryFailure()
    else if (candidate === this.#candidates.all[this.#position]) this.#tryNext()
    else this.#retryIfAllFailed()
  }

  #retryIfAllFailed(): void {
    const list = this.#candidates.all
    if (!list.every(({ progress }) => progress === 'failed')) return
    this.#stopTimer()
    this.#phase = 'retrying'
    this.#failuresSincePass = 0
    this.#tellFailure()
    for (const { subchannel } of list) subchannel.connect()
  }

  /** Counts retries: as many failures as addresses count as another failed pass. */
  #onRetryFailure(): void {
    this.#failuresSincePass++
    if (this.#failuresSincePass % this.#candidates.size === 0) this.#tellFailure()
  }

  #tellFailure(): void {
    this.#events.onAllFailed(this.#lastError ?? new ConnectError('no address can be reached', Code.Unavailable))
  }

  #startTimer(): void {
    this.#timer = this.#clock.schedule(() => this.#tryNext(), ATTEMPT_DELAY_MS)
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = null
  }
}
