/**
 * Many listeners of one signal, behind a single one. An EventTarget compares each new listener with all that it has, so that
 * calls which share a signal, as that of a shutdown, would each cost more than the one before.
 */
import { runAtOnce, runInSlices, type SlicedWork } from './http2/turn-slices.ts'

/** Something that a signal ends. */
export interface Abortable {
  /** Called once, when the signal aborts. What it throws becomes a warning of the process. */
  abort(reason: unknown): void
}

/** The members that one signal ends. */
export class AbortGroup implements SlicedWork {
  readonly #members = new Set<Abortable>()
  readonly #signal: AbortSignal
  readonly #onAbort: () => void
  #unaborted: SetIterator<Abortable> | null = null

  /** @param run aborts the members: those of a large group over several turns by default, so that other calls go on */
  constructor(signal: AbortSignal, run: (work: SlicedWork) => void = runInSlices) {
    this.#signal = signal
    this.#onAbort = () => run(this)
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  /** Aborts the member at once where the signal has aborted. */
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
    // One iterator for all: a new one would pass over the places of those that are gone, at every step.
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
 * Has the signal abort the member, at once where it has aborted. The signal keeps the member until `leaveAbort`. All members are
 * aborted within `controller.abort()`, as listeners are: a caller may count on that.
 *
 * @throws TypeError for what is not a signal
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

/** The signal no longer concerns the member. Nothing is left on a signal that has no members. */
export function leaveAbort(signal: AbortSignal, member: Abortable): void {
  const group = groups.get(signal)
  if (group === undefined) return
  group.delete(member)
  if (!group.isEmpty) return
  group.close()
  groups.delete(signal)
}
