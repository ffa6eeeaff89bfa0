/**
 * One listener per signal for many calls. An EventTarget compares each new listener with all that it has, so that the cost of a call would
 * grow with the calls that share a signal, such as that of a shutdown.
 */
import { runAtOnce, runInSlices, type SlicedWork } from './http2/turn-slices.ts'

/** Work that a signal ends. */
export interface Abortable {
  /** Called once, when the signal aborts. An error that it throws becomes a process warning. */
  abort(reason: unknown): void
}

/** The members that one signal ends. */
export class AbortGroup implements SlicedWork {
  readonly #members = new Set<Abortable>()
  readonly #signal: AbortSignal
  readonly #onAbort: () => void
  #unaborted: SetIterator<Abortable> | null = null

  /** @param run aborts the members; by default over several turns for a large group, so that other calls go on */
  constructor(signal: AbortSignal, run: (work: SlicedWork) => void = runInSlices) {
    this.#signal = signal
    this.#onAbort = () => run(this)
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  /** Adds a member, or aborts it immediately if the signal has aborted. */
  add(member: Abortable): void {
    if (this.#signal.aborted) member.abort(this.#signal.reason)
    else this.#members.add(member)
  }

  delete(member: Abortable): void {
    this.#members.delete(member)
  }

  /** Stops listening to the signal. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
  }

  doPart(): boolean {
    // One iterator for all parts, as a new one would skip the deleted entries again at every step.
    this.#unaborted ??= this.#members.values()
    const { done, value: member } = this.#unaborted.next()
    if (done === true) return false
    this.#members.delete(member)
    member.abort(this.#signal.reason)
    return true
  }
}

const groups = new WeakMap<AbortSignal, AbortGroup>()

/**
 * Aborts the member when the signal aborts, immediately if it has. The group holds the member until `leaveAbort`. All members are aborted
 * synchronously within `controller.abort()`, as listeners are; callers rely on that.
 *
 * @throws TypeError if `signal` is not an AbortSignal
 */
export function joinAbort(signal: AbortSignal, member: Abortable): void {
  if (signal.aborted) {
    member.abort(signal.reason)
    return
  }
  let group = groups.get(signal)
  if (group === undefined) {
    group = new AbortGroup(signal, runAtOnce)
    groups.set(signal, group)
  }
  group.add(member)
}

/** Removes the member from its signal, and the listener with the last member. */
export function leaveAbort(signal: AbortSignal, member: Abortable): void {
  const group = groups.get(signal)
  if (group === undefined) return
  group.delete(member)
  if (!group.isEmpty) return
  group.close()
  groups.delete(signal)
}
