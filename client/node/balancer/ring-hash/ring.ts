/** Endpoints on a ring of hashes, each at many places in proportion to its weight (gRFC A42). */
import { addressText, type Endpoint, weightOf } from '../../contracts/endpoint.ts'
import { compareUint64, type Uint64, xxh64 } from '../hash/xxh64.ts'
import type { RingHashConfig } from './ring-hash-config.ts'

/** One place; `index` says whose in the list that the ring is made of. */
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
    // Above 0 however light it is: the largest ring is not enough for it then.
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

  /** The indices of the endpoints as a call with this hash meets them, each once. */
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

  /** The first place that is not before the hash; past the last comes the first. */
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
