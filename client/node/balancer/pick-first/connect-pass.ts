/** Tries addresses until one of them answers (gRFC A61, Happy Eyeballs of RFC 8305). */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Clock, ScheduledTimer } from '../../../../wire/http2/http2.ts'
import type { SubchannelChange } from '../../contracts/subchannel.ts'
import type { Candidate, CandidateList } from './candidate-list.ts'

/** How long an attempt is alone before the next address is tried beside it (RFC 8305, section 5). */
const ATTEMPT_DELAY_MS = 250

/** What a pass tells its policy. */
export interface ConnectPassEvents {
  /** The first that is READY; the pass is over. */
  onReady(winner: Candidate): void
  /** All have failed, or have failed once more; the last failure speaks for all. The pass goes on. */
  onAllFailed(error: ConnectError): void
}

/**
 * Tries one address after the other, the next as soon as one fails or is slow. Once all have failed each is tried again
 * whenever its own backoff allows.
 */
export class ConnectPass {
  readonly #candidates: CandidateList
  readonly #clock: Clock
  readonly #events: ConnectPassEvents
  #phase: 'resting' | 'first pass' | 'retrying' = 'resting'
  /** The place in the list of the last address that was begun with. */
  #position = -1
  #timer: ScheduledTimer | null = null
  #failuresSincePass = 0
  #lastError: ConnectError | undefined

  constructor(candidates: CandidateList, clock: Clock, events: ConnectPassEvents) {
    this.#candidates = candidates
    this.#clock = clock
    this.#events = events
  }

  /** Begins with the first address, also if a pass is under way. May tell its policy before it returns. */
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

  /** From a candidate that is not chosen. */
  onChange(candidate: Candidate, { state, error }: SubchannelChange): void {
    if (this.#phase === 'resting') return
    if (state === 'READY') this.#win(candidate)
    else if (state === 'TRANSIENT_FAILURE') this.#onFailure(candidate, error)
    else if (state === 'IDLE') this.#onIdle(candidate)
  }

  /** Goes on to the next address that is worth an attempt, and gives it a little time of its own. */
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

  /** Returns false for one that waits for its backoff. */
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

  /** In the first pass, one that has failed waits for the end of it. */
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

  /** As many failures as there are addresses are as good as another pass. */
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
