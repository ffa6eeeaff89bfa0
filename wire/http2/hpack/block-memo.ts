/** Remembers decoded header blocks of one connection by their octets. */

import type { Cursor } from './cursor.ts'
import { hashOctets, standsAt } from './cursor.ts'
import type { HeaderBlock } from './header-block.ts'

/** The generation for `store` of a block whose meaning does not depend on the dynamic table. */
export const ANY_GENERATION = -1

/** A power of two: the low bits of the hash choose the slot. */
const SLOTS = 16
/** Longer blocks are not remembered, so that a connection holds at most 4 KiB of octets. */
const MAX_OCTETS = 256
/** Lookups over which hits are counted. */
const WINDOW = 256
/** With fewer hits in a window the memo costs more than it saves, and pauses. */
const MIN_HITS = WINDOW / 8
/** Blocks for which the memo pauses. */
const PAUSE = 1024

interface Slot {
  readonly octets: Uint8Array
  readonly hash: number
  /** The table's generation in which the octets mean `block`, or {@link ANY_GENERATION}. */
  readonly generation: number
  readonly block: HeaderBlock
}

/** Sixteen direct-mapped slots. Never shared between connections, as a peer could learn from timing what others have sent. */
export class BlockMemo {
  readonly #slots: (Slot | undefined)[] = new Array(SLOTS).fill(undefined)
  /** Hash of the last block that `find` missed, for `store`. */
  #hash = 0
  /** Whether that block may be stored: it is not too long, and the memo is not paused. */
  #isStorable = false
  #looks = 0
  #hits = 0
  #pause = 0

  /** Returns the block that the same octets were decoded to before, if they mean the same in this generation of the table. */
  find(cursor: Cursor, generation: number): HeaderBlock | undefined {
    this.#isStorable = this.#pause === 0 && cursor.end - cursor.position <= MAX_OCTETS
    if (!this.#isStorable) {
      if (this.#pause > 0) this.#pause--
      return undefined
    }
    this.#hash = hashOctets(cursor.bytes, cursor.position, cursor.end)
    const slot = this.#slots[this.#hash & (SLOTS - 1)]
    const isHit = slot !== undefined && this.#isBlock(slot, cursor) && isValidIn(slot, generation)
    this.#count(isHit)
    return isHit ? slot.block : undefined
  }

  /**
   * Stores the block for the octets at the cursor, which `find` has just missed. The caller guarantees that decoding them did not change
   * the table, and that they are valid and contain no never-indexed field.
   * @param generation that of the table if the block refers to it, else {@link ANY_GENERATION}
   */
  store(cursor: Cursor, block: HeaderBlock, generation: number): void {
    if (!this.#isStorable) return
    const octets = new Uint8Array(cursor.bytes.subarray(cursor.position, cursor.end))
    this.#slots[this.#hash & (SLOTS - 1)] = { octets, hash: this.#hash, generation, block }
  }

  #isBlock(slot: Slot, cursor: Cursor): boolean {
    const isSameSize = slot.hash === this.#hash && slot.octets.length === cursor.end - cursor.position
    return isSameSize && standsAt(cursor.bytes, cursor.position, slot.octets)
  }

  #count(isHit: boolean): void {
    if (isHit) this.#hits++
    if (++this.#looks < WINDOW) return
    if (this.#hits < MIN_HITS) this.#pause = PAUSE
    this.#looks = 0
    this.#hits = 0
  }
}

function isValidIn(slot: Slot, generation: number): boolean {
  return slot.generation === ANY_GENERATION || slot.generation === generation
}
