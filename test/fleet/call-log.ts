/** Writes down what became of the calls of a client, and where their attempts went. */
import { Code } from '@connectrpc/connect'
import type { AttemptObservation, CallEnd, CallObservation, CallObserver, CallStart } from '../../wire/call-observer.ts'

/** A finished call. Times are those of `performance.now()`. */
export interface LoggedCall {
  readonly method: string
  readonly isServerStreaming: boolean
  readonly startedAtMs: number
  readonly endedAtMs: number
  /** `OK`, or the name of the code. */
  readonly outcome: string
  readonly message: string
  /** Where the last attempt went; null: it never had a connection. */
  readonly peer: string | null
  /** Whether the last attempt had received a message, after which there is no other attempt. */
  readonly hasReceived: boolean
}

/** An attempt that had a connection. */
export interface LoggedAttempt {
  readonly atMs: number
  readonly peer: string
}

/** To be given to a transport as its observer. */
export class CallLog implements CallObserver {
  readonly calls: LoggedCall[] = []
  readonly attempts: LoggedAttempt[] = []
  started = 0

  onStart(call: CallStart): CallObservation {
    this.started++
    return new LoggedTrace(this, call)
  }
}

class LoggedTrace implements CallObservation {
  readonly #log: CallLog
  readonly #method: CallStart['method']
  readonly #startedAtMs = performance.now()
  #last: AttemptNotes | null = null

  constructor(log: CallLog, { method }: CallStart) {
    this.#log = log
    this.#method = method
  }

  onAttempt(): AttemptObservation {
    this.#last = new AttemptNotes(this.#log)
    return this.#last
  }

  onEnd({ error }: CallEnd): void {
    if (this.#method === undefined) return
    const { name, methodKind } = this.#method
    this.#log.calls.push({
      method: name,
      isServerStreaming: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
      startedAtMs: this.#startedAtMs,
      endedAtMs: performance.now(),
      outcome: error === null ? 'OK' : (Code[error.code] ?? ''),
      message: error?.rawMessage ?? '',
      peer: this.#last?.peer ?? null,
      hasReceived: this.#last?.hasReceived ?? false,
    })
  }
}

class AttemptNotes implements AttemptObservation {
  peer: string | null = null
  hasReceived = false
  readonly #log: CallLog

  constructor(log: CallLog) {
    this.#log = log
  }

  onPicked(peer: string): void {
    this.peer = peer
    this.#log.attempts.push({ atMs: performance.now(), peer })
  }

  onReceived(): void {
    this.hasReceived = true
  }

  onEnd(): void {}
}
