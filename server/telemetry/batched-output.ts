/** Writes the log lines of a turn of the event loop together, and those of a busy server every few milliseconds. */
import type { Pino } from './load-pino.ts'

/** What is held at most, in UTF-16 units: as much as a pipe of Linux takes at once. */
const MAX_HELD_LENGTH = 65_536

/** Each write wakes a thread of libuv and is reported back, about 15 µs, which a busy server would pay thousands of times a second. */
const MIN_INTERVAL_MS = 2

/** A line waits for the end of its turn, or until the last write is two milliseconds ago. */
export class BatchedOutput {
  readonly #destination: ReturnType<Pino['destination']>
  #text = ''
  /** Whether the end of the turn, or a timer, will write. */
  #isDue = false
  #writtenAtMs = Number.NEGATIVE_INFINITY
  readonly #endTurn = () => {
    if (performance.now() - this.#writtenAtMs >= MIN_INTERVAL_MS) this.#endWait()
    else setTimeout(this.#endWait, MIN_INTERVAL_MS)
  }
  readonly #endWait = () => {
    this.#isDue = false
    this.#push()
    this.#writtenAtMs = performance.now()
  }

  /**
   * @param destination takes texts: one for buffers would copy each of them. pino calls its `flushSync` when the process exits, also
   *   after an uncaught error: that is the place to add the lines that are held
   */
  constructor(destination: ReturnType<Pino['destination']>) {
    const flushSync = destination.flushSync.bind(destination)
    this.#destination = destination
    destination.flushSync = () => {
      this.#push()
      flushSync()
    }
  }

  /** Takes lines with their line breaks, in order. */
  write(text: string): void {
    this.#text += text
    if (this.#text.length >= MAX_HELD_LENGTH) this.#push()
    else if (!this.#isDue) {
      this.#isDue = true
      setImmediate(this.#endTurn)
    }
  }

  /** Calls back when everything has been written, or has failed to be. */
  flush(done: (error?: Error) => void): void {
    this.#push()
    this.#destination.flush(done)
  }

  /** Hands over what is held. pino calls it after a fatal line, which may be the last thing that the process does. */
  flushSync(): void {
    this.#destination.flushSync()
  }

  #push(): void {
    if (this.#text === '') return
    const text = this.#text
    this.#text = ''
    this.#destination.write(text)
  }
}
