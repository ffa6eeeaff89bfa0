/** Counts the open streams of one HTTP/2 session. */
import type { Http2Session, Http2Stream } from 'node:http2'

/** Made with the session, before it has a stream. */
export class OpenStreams {
  /** How many there have been. */
  started = 0
  /** When the last open stream ended, by `performance.now()`. */
  idleSinceMs = performance.now()
  #count = 0
  #onEmpty = () => {}

  constructor(session: Http2Session) {
    session.on('stream', (stream: Http2Stream) => {
      this.started += 1
      this.#count += 1
      stream.once('close', () => this.#onStreamClose())
    })
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** Calls back whenever the last open stream closes, instead of whoever asked before. */
  onEmpty(callback: () => void): void {
    this.#onEmpty = callback
  }

  #onStreamClose(): void {
    this.#count -= 1
    if (this.#count > 0) return
    this.idleSinceMs = performance.now()
    this.#onEmpty()
  }
}
