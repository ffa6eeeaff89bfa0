/** The addresses of a pick_first, each with a subchannel of its own. */
import { type Address, addressText } from '../../contracts/endpoint.ts'
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
  #byText = new Map<string, Candidate>()

  constructor(parts: CandidateListParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#byText.size
  }

  get all(): readonly Candidate[] {
    return [...this.#byText.values()]
  }

  /** Whether the candidate's address is one of these. */
  isAmong(candidate: Candidate, addresses: readonly Address[]): boolean {
    const text = addressText(candidate.subchannel.address)
    return addresses.some((address) => addressText(address) === text)
  }

  /** Subchannels of addresses that stay keep their connections and their backoffs. */
  replace(addresses: readonly Address[]): void {
    const before = this.#byText
    this.#byText = new Map()
    for (const address of addresses) {
      const text = addressText(address)
      this.#byText.set(text, before.get(text) ?? this.#create(address))
      before.delete(text)
    }
    for (const candidate of before.values()) letGo(candidate)
  }

  /** The others are no longer needed, but keep their places. */
  keepOnly(winner: Candidate): void {
    for (const [text, candidate] of this.#byText) {
      if (candidate === winner) continue
      letGo(candidate)
      this.#byText.set(text, this.#create(candidate.subchannel.address))
    }
  }

  clear(): void {
    for (const candidate of this.#byText.values()) letGo(candidate)
    this.#byText.clear()
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
