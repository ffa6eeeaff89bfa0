/** Counts joins of topics, so that no client takes the room of all. */
import { TopicError } from './topic-error.ts'

/** How many joins there may be at a time. */
export interface JoinLimits {
  readonly maxJoins: number
  /** The same for the subscribers of one peer. */
  readonly maxJoinsPerPeer: number
}

/** Counts the joins of a hub, in total and by peer. */
export class JoinCounts {
  readonly #limits: JoinLimits
  readonly #byPeer = new Map<string, number>()
  #total = 0

  constructor(limits: JoinLimits) {
    this.#limits = limits
  }

  /** @throws TopicError `limit_reached`, and then nothing is counted */
  add(peer: string | undefined): void {
    const { maxJoins, maxJoinsPerPeer } = this.#limits
    const ofPeer = peer === undefined ? 0 : (this.#byPeer.get(peer) ?? 0)
    if (this.#total >= maxJoins) throw new TopicError('limit_reached', `limit of ${maxJoins} joined topics reached`)
    if (ofPeer >= maxJoinsPerPeer) {
      throw new TopicError('limit_reached', `limit of ${maxJoinsPerPeer} joined topics per client reached`)
    }
    this.#total += 1
    if (peer !== undefined) this.#byPeer.set(peer, ofPeer + 1)
  }

  delete(peer: string | undefined): void {
    this.#total -= 1
    if (peer === undefined) return
    const ofPeer = (this.#byPeer.get(peer) ?? 0) - 1
    if (ofPeer > 0) this.#byPeer.set(peer, ofPeer)
    else this.#byPeer.delete(peer)
  }
}
