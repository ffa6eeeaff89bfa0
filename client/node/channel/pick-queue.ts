/** Finds a connection for each call: at once, or when the next picker or a free stream is there. */
import type { ConnectError } from '@connectrpc/connect'
import { controlPlaneError } from '../contracts/control-plane-error.ts'
import type { DroppedPick, FailedPick, PickedSubchannel, Picker, PickInfo } from '../contracts/picker.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'

/** A call that looks for a connection. Exactly one of its two methods is called, once; unless it gives up before. */
export interface PickWaiter extends PickInfo {
  /** Stay in the queue while picks fail. */
  readonly waitsForReady: boolean
  /** Why the last pick failed: what a deadline that passes in the queue has to say. Set by the queue. */
  lastPickError: ConnectError | undefined
  /** Make the request on this connection, now: it has room. */
  onPicked(connection: SubchannelConnection, picked: PickedSubchannel): void
  onPickFailed(error: ConnectError, failure: PickFailure): void
}

/** How a pick failed. */
export interface PickFailure {
  /** On purpose: the call must not be tried again. */
  readonly isDrop: boolean
}

const FAILED: PickFailure = Object.freeze({ isDrop: false })
const DROPPED: PickFailure = Object.freeze({ isDrop: true })

/** The calls of one channel that wait, in the order in which they came. */
export class PickQueue {
  #picker: Picker
  readonly #waiting = new Set<PickWaiter>()
  /** Those who wait for room on a connection, and how they give up their place. */
  readonly #places = new Map<PickWaiter, () => void>()
  /** Those who are about to be told that their pick has failed. */
  readonly #failing = new Map<PickWaiter, FailedPick | DroppedPick>()
  #willTellFailed = false

  constructor(picker: Picker) {
    this.#picker = picker
  }

  /** How many wait, for a picker, for room on a connection, or for their failure. */
  get size(): number {
    return this.#waiting.size + this.#places.size + this.#failing.size
  }

  /** Whether anybody waits for a picker that knows more. */
  get hasWaiters(): boolean {
    return this.#waiting.size > 0
  }

  /** A picker that knows more: everybody who waits asks it. What one is told may make others give up. */
  update(picker: Picker): void {
    this.#picker = picker
    for (const waiter of [...this.#waiting]) {
      if (this.#waiting.delete(waiter)) this.start(waiter)
    }
  }

  /** Looks for a connection. May call the waiter before it returns. */
  start(waiter: PickWaiter): void {
    const result = this.#picker.pick(waiter)
    if (result.kind === 'complete') this.#take(waiter, result)
    else if (result.kind === 'drop' || (result.kind === 'fail' && !waiter.waitsForReady)) this.#failSoon(waiter, result)
    else {
      if (result.kind === 'fail') waiter.lastPickError = result.error
      this.#waiting.add(waiter)
    }
  }

  /** The call is over: it waits no more. Harmless if it does not. */
  leave(waiter: PickWaiter): void {
    this.#waiting.delete(waiter)
    this.#failing.delete(waiter)
    const leavePlace = this.#places.get(waiter)
    this.#places.delete(waiter)
    leavePlace?.()
  }

  /** Nobody will be served any more. */
  failAll(error: ConnectError): void {
    const waiters = [...this.#waiting, ...this.#places.keys(), ...this.#failing.keys()]
    for (const waiter of waiters) {
      this.leave(waiter)
      waiter.onPickFailed(error, DROPPED)
    }
  }

  /** In another turn: whoever calls again at once would keep the event loop from the connection that it needs. */
  #failSoon(waiter: PickWaiter, result: FailedPick | DroppedPick): void {
    this.#failing.set(waiter, result)
    if (this.#willTellFailed) return
    this.#willTellFailed = true
    setImmediate(() => this.#tellFailed())
  }

  /** What one is told may make others give up, or fail in the next turn. */
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
