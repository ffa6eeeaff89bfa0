/** The addresses of a pick_first, each with its subchannel. */
import { type Address, addressKey } from '../../contracts/endpoint.ts'
import type { Subchannel, SubchannelChange } from '../../contracts/subchannel.ts'

/** A subchannel, and its progress in the current pass. */
export interface Candidate {
  readonly subchannel: Subchannel
  readonly stopWatching: () => void
  progress: 'untried' | 'tried' | 'failed'
}

/** What a list depends on. */
export interface CandidateListParts {
  createSubchannel(address: Address): Subchannel
  /** The connectivity of a candidate has changed. */
  onChange(candidate: Candidate, change: SubchannelChange): void
}

/** The candidates in the order of attempts. */
export class CandidateList {
  readonly #parts: CandidateListParts
  #byKey = new Map<string, Candidate>()

  constructor(parts: CandidateListParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#byKey.size
  }

  get all(): readonly Candidate[] {
    return [...this.#byKey.values()]
  }

  /** Whether the candidate's address is one of these. */
  isAmong(candidate: Candidate, addresses: readonly Address[]): boolean {
    const key = addressKey(candidate.subchannel.address)
    return addresses.some((address) => addressKey(address) === key)
  }

  /** Replaces the addresses. Subchannels of addresses that stay keep their connections and backoff. */
  replace(addresses: readonly Address[]): void {
    const before = this.#byKey
    this.#byKey = new Map()
    for (const address of addresses) {
      const key = addressKey(address)
      this.#byKey.set(key, before.get(key) ?? this.#create(address))
      before.delete(key)
    }
    for (const candidate of before.values()) letGo(candidate)
  }

  /** Releases the subchannels of all others, which keep their places. */
  keepOnly(winner: Candidate): void {
    for (const [key, candidate] of this.#byKey) {
      if (candidate === winner) continue
      letGo(candidate)
      this.#byKey.set(key, this.#create(candidate.subchannel.address))
    }
  }

  clear(): void {
    for (const candidate of this.#byKey.values()) letGo(candidate)
    this.#byKey.clear()
  }

  #create(address: Address): Candidate {
    const subchannel = this.#parts.createSubchannel(address)
    const candidate: Candidate = {
      subchannel,
      stopWatching: subchannel.watch((change) => this.#parts.onChange(candidate, change)),
      progress: 'untried',
    }
    return candidate
  }
}

function letGo({ subchannel, stopWatching }: Candidate): void {
  stopWatching()
  subchannel.shutdown()
}
