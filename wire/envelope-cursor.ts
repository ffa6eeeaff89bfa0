/** Follows the envelopes of a streamed body octet by octet, to tell whether the stream stands inside a message. */
import { ENVELOPE_PREFIX_BYTES, envelopeLength } from './envelope.ts'

/** Knows where in a stream of enveloped messages the last octet seen stands. Keeps nothing of the messages. */
export class EnvelopeCursor {
  readonly #onEnvelope: ((flags: number, bytes: number) => void) | null
  readonly #prefix = new Uint8Array(ENVELOPE_PREFIX_BYTES)
  #prefixSeen = 0
  #announced = 0
  #remaining = 0

  /** `onEnvelope` is called for each envelope that is complete, with the octets of its message. Default: null, not called. */
  constructor(onEnvelope: ((flags: number, bytes: number) => void) | null = null) {
    this.#onEnvelope = onEnvelope
  }

  /** Whether a message has begun that has not ended: the peer owes octets. */
  get isInsideMessage(): boolean {
    return this.#prefixSeen > 0 || this.#remaining > 0
  }

  /**
   * Moves on over octets of the body, split in any way: all of them, or up to an envelope with one of the flags.
   *
   * @returns how many
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
