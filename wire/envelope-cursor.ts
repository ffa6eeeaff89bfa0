/** Follows the envelopes of a streamed body byte by byte, to tell whether the stream stands inside a message. */

/** A flags byte and four bytes of length stand before each message, in gRPC, gRPC-Web and Connect streams alike. */
const PREFIX_BYTES = 5

/** Knows where in a stream of enveloped messages the last byte seen stands. Keeps nothing of the messages. */
export class EnvelopeCursor {
  readonly #onEnvelope: ((flags: number, bytes: number) => void) | null
  #prefixSeen = 0
  #flags = 0
  #announced = 0
  #remaining = 0

  /** `onEnvelope` is told of each envelope that is complete, with the bytes of its message. Default: nobody is. */
  constructor(onEnvelope: ((flags: number, bytes: number) => void) | null = null) {
    this.#onEnvelope = onEnvelope
  }

  /** Whether a message has begun that has not ended: the peer owes bytes. */
  get isInsideMessage(): boolean {
    return this.#prefixSeen > 0 || this.#remaining > 0
  }

  /**
   * Moves on over bytes of the body, split in any way: all of them, or up to an envelope with one of the flags.
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
        const byte = chunk[at] ?? 0
        if (this.#prefixSeen === 0 && (byte & untilFlags) !== 0) return at
        this.#takePrefixByte(byte)
        at += 1
      }
    }
    return at
  }

  #takePrefixByte(byte: number): void {
    if (this.#prefixSeen > 0) this.#announced = this.#announced * 256 + byte
    else this.#flags = byte
    this.#prefixSeen += 1
    if (this.#prefixSeen < PREFIX_BYTES) return
    this.#remaining = this.#announced
    this.#prefixSeen = 0
    if (this.#remaining === 0) this.#complete()
  }

  #complete(): void {
    const bytes = this.#announced
    this.#announced = 0
    this.#onEnvelope?.(this.#flags, bytes)
  }
}
