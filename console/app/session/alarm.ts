/** A wait that can be cut short. */

/** Ends waits after their time, or when it rings. */
export class Alarm {
  #ring: () => void = () => {}

  /** Resolves after a time, or as soon as `ring` is called. */
  async wait(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, delayMs)
    this.#ring = resolve
    await promise
    clearTimeout(timer)
  }

  /** Ends the current wait. */
  ring(): void {
    this.#ring()
  }
}
