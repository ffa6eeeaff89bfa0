/** Follows the envelopes of a streamed body byte by byte, to tell whether the stream stands inside a message. */

/** A flags byte and four bytes of length stand before each message, in gRPC, gRPC-Web and Connect streams alike. */
const PREFIX_BYTES = 5

/** Knows where in a stream of enveloped messages the last byte seen stands. Keeps nothing of the messages. */
export class EnvelopeCursor {
  #prefixSeen = 0
  #announced = 0
  #remaining = 0

  /** Whether a message has begun that has not ended: the peer owes bytes. */
  get isInsideMessage(): boolean {
    return this.#prefixSeen > 0 || this.#remaining > 0
  }

  /** Moves on over bytes of the body, split in any way. */
  advance(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.byteLength) {
      if (this.#remaining > 0) {
        const taken = Math.min(this.#remaining, chunk.byteLength - at)
        this.#remaining -= taken
        at += taken
      } else {
        this.#takePrefixByte(chunk[at] ?? 0)
        at += 1
      }
    }
  }

  #takePrefixByte(byte: number): void {
    if (this.#prefixSeen > 0) this.#announced = this.#announced * 256 + byte
    this.#prefixSeen += 1
    if (this.#prefixSeen < PREFIX_BYTES) return
    this.#remaining = this.#announced
    this.#prefixSeen = 0
    this.#announced = 0
  }
}
