/** The addresses of a pick_first, each with a subchannel of its own. */
import { type Address, addressKey } from '../../contracts/endpoint.ts'
import type { Subchannel, SubchannelChange } from '../../contracts/subchannel.ts'

/** A subchannel, and how it goes in the pass that is under way. */
export interface Candidate {
  readonly subchannel: Subchannel
  readonly stopWatching: () => void
  progress: 'untried' | 'tried' | 'failed'
}

/** What a list works with. */
export interface CandidateListParts {
  createSubchannel(address: Address): Subchannel
  /** The raw connectivity of one has changed. */
  onChange(candidate: Candidate, change: SubchannelChange): void
}

/** In the order in which they are to be tried. */
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

  /** Subchannels of addresses that stay keep their connections and their backoffs. */
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

  /** The others are no longer needed, but keep their places. */
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
