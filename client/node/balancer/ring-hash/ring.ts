/** A ring of hashes, on which each endpoint has entries in proportion to its weight (gRFC A42). */
import { addressText, type Endpoint, weightOf } from '../../contracts/endpoint.ts'
import { compareUint64, type Uint64, xxh64 } from '../hash/xxh64.ts'
import type { RingHashConfig } from './ring-hash-config.ts'

/** An entry of the ring. `index` is the position of its endpoint in the list. */
interface Place {
  readonly hash: Uint64
  readonly index: number
}

/** Immutable. Two clients with the same endpoints have the same ring. */
export class Ring {
  readonly #places: readonly Place[]
  readonly #endpointCount: number

  constructor(endpoints: readonly Endpoint[], { minRingSize, maxRingSize }: RingHashConfig) {
    this.#endpointCount = endpoints.length
    const weights = endpoints.map(weightOf)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    // Greater than 0 for any weight. The maximum ring size then applies.
    const least = Math.max(Math.min(...weights) / total, Number.EPSILON)
    const scale = Math.min(Math.ceil(least * minRingSize) / least, maxRingSize)
    const places: Place[] = []
    let target = 0
    for (const [index, endpoint] of endpoints.entries()) {
      const start = places.length
      target += (scale * (weights[index] ?? 1)) / total
      const key = keyOf(endpoint)
      while (places.length < target) places.push({ hash: xxh64(`${key}_${places.length - start}`), index })
    }
    this.#places = places.sort((a, b) => compareUint64(a.hash, b.hash))
  }

  get size(): number {
    return this.#places.length
  }

  /** Yields the distinct indices of the endpoints, in ring order from this hash. */
  *from(hash: Uint64): Generator<number> {
    const seen = new Set<number>()
    const start = this.#find(hash)
    for (let step = 0; step < this.#places.length && seen.size < this.#endpointCount; step++) {
      const place = this.#places[(start + step) % this.#places.length]
      if (place === undefined || seen.has(place.index)) continue
      seen.add(place.index)
      yield place.index
    }
  }

  /** Returns the first entry at or after the hash, wrapping around. */
  #find(hash: Uint64): number {
    let low = 0
    let high = this.#places.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const place = this.#places[middle]
      if (place !== undefined && compareUint64(place.hash, hash) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function keyOf({ addresses, attributes }: Endpoint): string {
  const [first] = addresses
  return attributes.hashKey ?? (first === undefined ? '' : addressText(first))
}
