/** The first octets of a body, for a view in hex. */

/** How many octets of a body are kept. */
const MAX_KEPT_BYTES = 65_536

/** Keeps the first 64 KiB of what it is given. */
export class KeptOctets {
  readonly #chunks: Uint8Array[] = []
  #keptBytes = 0
  #totalBytes = 0

  /** How many octets there were in all. */
  get totalBytes(): number {
    return this.#totalBytes
  }

  add(octets: Uint8Array): void {
    this.#totalBytes += octets.length
    const room = MAX_KEPT_BYTES - this.#keptBytes
    if (room <= 0) return
    const kept = octets.slice(0, room)
    this.#chunks.push(kept)
    this.#keptBytes += kept.length
  }

  /** Returns what is kept. */
  toBytes(): Uint8Array {
    const all = new Uint8Array(this.#keptBytes)
    let offset = 0
    for (const chunk of this.#chunks) {
      all.set(chunk, offset)
      offset += chunk.length
    }
    return all
  }
}
