/** Tracks the envelopes of a streamed body, to tell whether the stream has stopped inside a message. */
import { ENVELOPE_PREFIX_BYTES, envelopeLength } from './envelope.ts'

/** A position in a stream of enveloped messages. Keeps none of their octets. */
export class EnvelopeCursor {
  readonly #onEnvelope: ((flags: number, bytes: number) => void) | null
  readonly #prefix = new Uint8Array(ENVELOPE_PREFIX_BYTES)
  #prefixSeen = 0
  #announced = 0
  #remaining = 0

  /** @param onEnvelope receives the flags and the message length of each complete envelope. Default: null, not called */
  constructor(onEnvelope: ((flags: number, bytes: number) => void) | null = null) {
    this.#onEnvelope = onEnvelope
  }

  /** Whether a message has started and not ended, so that the peer owes octets. */
  get isInsideMessage(): boolean {
    return this.#prefixSeen > 0 || this.#remaining > 0
  }

  /**
   * Advances over the next octets of the body, however they are split: over all of them, or up to an envelope with one of the flags.
   *
   * @returns the number of octets advanced over
   */
  advance(chunk: Uint8Array, untilFlags = 0): number {
    let at = 0
    while (at < chunk.byteLength) {
      if (this.#remaining > 0) {
        const taken = Math.min(this.#remaining, chunk.byteLength - at)
        this.#remaining -= taken
        at += taken
        if (this.#remaining === 0) this.#complete()
      } else {
        const octet = chunk[at] ?? 0
        if (this.#prefixSeen === 0 && (octet & untilFlags) !== 0) return at
        this.#takePrefixOctet(octet)
        at += 1
      }
    }
    return at
  }

  #takePrefixOctet(octet: number): void {
    const prefix = this.#prefix
    prefix[this.#prefixSeen] = octet
    this.#prefixSeen += 1
    if (this.#prefixSeen < ENVELOPE_PREFIX_BYTES) return
    const [, first = 0, second = 0, third = 0, fourth = 0] = prefix
    this.#announced = envelopeLength(first, second, third, fourth)
    this.#remaining = this.#announced
    this.#prefixSeen = 0
    if (this.#remaining === 0) this.#complete()
  }

  #complete(): void {
    this.#onEnvelope?.(this.#prefix[0] ?? 0, this.#announced)
  }
}
