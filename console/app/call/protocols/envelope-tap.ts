/** Watches the envelopes of a response as its octets pass, without keeping messages. */

/** Bits of the flags of an envelope. */
const TRAILERS = 0x80
const END_STREAM = 0x02
/** Trailers above are not shown. */
const MAX_END_BYTES = 65_536
const HEADER_BYTES = 5

/** Reads flags and lengths of envelopes from octets that are split in any way. */
export class EnvelopeTap {
  readonly #header = new Uint8Array(HEADER_BYTES)
  readonly #sizes: number[] = []
  #headerBytes = 0
  #payloadBytes = 0
  #end: Uint8Array | null = null
  #endBytes = 0
  #isEnd = false

  feed(octets: Uint8Array): void {
    let offset = 0
    while (offset < octets.length)
      offset += this.#headerBytes < HEADER_BYTES ? this.#readHeader(octets, offset) : this.#readPayload(octets, offset)
  }

  /** Returns the length of the next message, in the order of their arrival. */
  takeSize(): number {
    return this.#sizes.shift() ?? 0
  }

  /** Returns the payload of the envelope that ends the stream: trailers of gRPC-Web, JSON of Connect; null if none has arrived. */
  get end(): Uint8Array | null {
    return this.#end !== null && this.#endBytes === this.#end.length ? this.#end : null
  }

  #readHeader(octets: Uint8Array, offset: number): number {
    const part = octets.subarray(offset, offset + HEADER_BYTES - this.#headerBytes)
    this.#header.set(part, this.#headerBytes)
    this.#headerBytes += part.length
    if (this.#headerBytes === HEADER_BYTES) this.#open()
    return part.length
  }

  #open(): void {
    const flags = this.#header[0] ?? 0
    this.#payloadBytes = new DataView(this.#header.buffer).getUint32(1)
    this.#isEnd = (flags & (TRAILERS | END_STREAM)) !== 0
    if (!this.#isEnd) this.#sizes.push(this.#payloadBytes)
    else {
      this.#end = this.#payloadBytes <= MAX_END_BYTES ? new Uint8Array(this.#payloadBytes) : null
      this.#endBytes = 0
    }
    if (this.#payloadBytes === 0) this.#headerBytes = 0
  }

  #readPayload(octets: Uint8Array, offset: number): number {
    const part = octets.subarray(offset, offset + this.#payloadBytes)
    if (this.#isEnd && this.#end !== null) {
      this.#end.set(part, this.#endBytes)
      this.#endBytes += part.length
    }
    this.#payloadBytes -= part.length
    if (this.#payloadBytes === 0) this.#headerBytes = 0
    return part.length
  }
}
