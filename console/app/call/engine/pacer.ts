/** Lets the page draw and react while messages arrive faster than it can show them. */

/** How long messages may be read in one go: half of a frame at 60 Hz. */
const MAX_BUSY_MS = 8

/** Gives the event loop its turn from time to time. Reading waits meanwhile, so the server has to as well. */
export class Pacer {
  #busySinceMs = performance.now()

  /** Resolves at once, or after a turn of the event loop if reading has kept the page busy. */
  async rest(): Promise<void> {
    if (performance.now() - this.#busySinceMs < MAX_BUSY_MS) return
    await (isInBackground() ? messageTurn() : timerTurn())
    this.#busySinceMs = performance.now()
  }
}

/** Tests run without a document. */
function isInBackground(): boolean {
  const { document } = globalThis as { readonly document?: { readonly visibilityState: string } }
  return document?.visibilityState === 'hidden'
}

/** Leaves the page some time between two turns. */
function timerTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}

/** Browsers let the timers of a page in the background wait for a second, and later for a minute, but not its messages. */
function messageTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
