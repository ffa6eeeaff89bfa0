/** Finds a connection for each call: immediately, or when there is a new picker or a free stream. */
import type { ConnectError } from '@connectrpc/connect'
import { controlPlaneError } from '../contracts/control-plane-error.ts'
import type { DroppedPick, FailedPick, PickedSubchannel, Picker, PickInfo } from '../contracts/picker.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'

/** A call that needs a connection. Exactly one of its methods is called, once, unless the call leaves first. */
export interface PickWaiter extends PickInfo {
  /** Whether to stay in the queue when a pick fails. */
  readonly waitsForReady: boolean
  /** Why the last pick failed, for the error of a deadline that passes in the queue. Set by the queue. */
  lastPickError: ConnectError | undefined
  /** The connection has room. The call must send its request immediately. */
  onPicked(connection: SubchannelConnection, picked: PickedSubchannel): void
  onPickFailed(error: ConnectError, failure: PickFailure): void
}

/** How a pick failed. */
export interface PickFailure {
  /** Whether the picker dropped the call, which must not be retried then. */
  readonly isDrop: boolean
}

const FAILED: PickFailure = Object.freeze({ isDrop: false })
const DROPPED: PickFailure = Object.freeze({ isDrop: true })

/** The waiting calls of a channel, first come, first served. */
export class PickQueue {
  #picker: Picker
  readonly #waiting = new Set<PickWaiter>()
  /** Calls that wait for room on a connection, with the function that gives up their place. */
  readonly #places = new Map<PickWaiter, () => void>()
  /** Calls that are about to receive the failure of their pick. */
  readonly #failing = new Map<PickWaiter, FailedPick | DroppedPick>()
  #willTellFailed = false

  constructor(picker: Picker) {
    this.#picker = picker
  }

  /** Number of calls that wait: for a picker, for room on a connection, or for their failure. */
  get size(): number {
    return this.#waiting.size + this.#places.size + this.#failing.size
  }

  /** Whether calls wait for a new picker. */
  get hasWaiters(): boolean {
    return this.#waiting.size > 0
  }

  /** Applies a new picker to all waiting calls. The result of one call may make others leave. */
  update(picker: Picker): void {
    this.#picker = picker
    for (const waiter of [...this.#waiting]) {
      if (this.#waiting.delete(waiter)) this.start(waiter)
    }
  }

  /** Finds a connection for a call. May call the waiter before it returns. */
  start(waiter: PickWaiter): void {
    const result = this.#picker.pick(waiter)
    if (result.kind === 'complete') this.#take(waiter, result)
    else if (result.kind === 'drop' || (result.kind === 'fail' && !waiter.waitsForReady)) this.#failSoon(waiter, result)
    else {
      if (result.kind === 'fail') waiter.lastPickError = result.error
      this.#waiting.add(waiter)
    }
  }

  /** Removes a call that has ended. Does nothing if it does not wait. */
  leave(waiter: PickWaiter): void {
    this.#waiting.delete(waiter)
    this.#failing.delete(waiter)
    const leavePlace = this.#places.get(waiter)
    this.#places.delete(waiter)
    leavePlace?.()
  }

  /** Fails all waiting calls. */
  failAll(error: ConnectError): void {
    const waiters = [...this.#waiting, ...this.#places.keys(), ...this.#failing.keys()]
    for (const waiter of waiters) {
      this.leave(waiter)
      waiter.onPickFailed(error, DROPPED)
    }
  }

  /** Fails a call in the next turn. A caller that retries immediately would otherwise block the event loop, and the connection with it. */
  #failSoon(waiter: PickWaiter, result: FailedPick | DroppedPick): void {
    this.#failing.set(waiter, result)
    if (this.#willTellFailed) return
    this.#willTellFailed = true
    setImmediate(() => this.#tellFailed())
  }

  /** Delivers the failures. One failure may make other calls leave, or fail in the next turn. */
  #tellFailed(): void {
    this.#willTellFailed = false
    for (const [waiter, { kind, error }] of [...this.#failing]) {
      if (this.#failing.delete(waiter))
        waiter.onPickFailed(controlPlaneError(error), kind === 'drop' ? DROPPED : FAILED)
    }
  }

  #take(waiter: PickWaiter, picked: PickedSubchannel): void {
    const { connection } = picked.subchannel
    if (connection === null) {
      this.#waiting.add(waiter)
    } else if (connection.canRequest) {
      waiter.onPicked(connection, picked)
    } else {
      const leavePlace = connection.whenCapacity(() => {
        this.#places.delete(waiter)
        this.start(waiter)
      })
      this.#places.set(waiter, leavePlace)
    }
  }
}
