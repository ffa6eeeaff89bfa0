/** Writes the log lines of one turn of the event loop together. */
import type { Pino } from './load-pino.ts'

/** Holds text until the turn is over. One system call for many lines, and one for a single line, which waits for nothing else. */
export class TurnOutput {
  readonly #destination: ReturnType<Pino['destination']>
  #text = ''
  #isDue = false
  readonly #endTurn = () => {
    this.#isDue = false
    this.#push()
  }

  /**
   * @param destination of pino, for buffers (`contentMode`). pino calls its `flushSync` when the process exits, also after an uncaught
   *   error, so that this is the place to add the lines of the last turn
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

  #push(): void {
    if (this.#text === '') return
    const octets = Buffer.from(this.#text)
    this.#text = ''
    // The type knows text only; what it does with it depends on `contentMode`.
    this.#destination.write(octets as unknown as string)
  }
}

/** What is held at most, in UTF-16 units: as much as a pipe of Linux takes at once. */
const MAX_HELD_LENGTH = 65_536
