/** A wait that can be cut short. */

/** Ends waits after their time, or when it rings. */
export class Alarm {
  readonly #waits = new Set<(isRung: boolean) => void>()

  /** Resolves after a time, or as soon as `ring` is called. Returns whether that was. */
  async wait(delayMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), delayMs)
    this.#waits.add(resolve)
    const isRung = await promise
    clearTimeout(timer)
    this.#waits.delete(resolve)
    return isRung
  }

  /** Ends all current waits. */
  ring(): void {
    for (const end of this.#waits) end(true)
  }
}
