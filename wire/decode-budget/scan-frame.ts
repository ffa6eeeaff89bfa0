/** What a scan remembers of a message that it is within: the objects that grow with what comes. */
import type { FieldCosts, MessageCosts } from './message-costs.ts'
import { FIRST_SLOTS, propertiesBytes, SLOT_BYTES } from './object-bytes.ts'

/** Indexes so far behind the last slot turn the elements of an object into a hash table. */
const MAX_GAP = 1_024

/** Elements up to so many slots stay an array however few are in use; larger ones as long as one in 27 is. */
const UNCHECKED_SLOTS = 5_000
const MAX_SLOTS_PER_ENTRY = 27

const NO_COSTS: MessageCosts = Object.freeze({
  createdBytes: 0,
  createdProperties: 0,
  maxProperties: 0,
  fields: new Map(),
})

/** One for each depth, used again for every message there. */
export class ScanFrame {
  readonly depth: number
  costs = NO_COSTS
  /** What was charged for JSON objects that a later field is merged into. */
  jsonObjectBytes = 0
  #properties = 0
  #hasUnknown = false
  /** The list that was added to last, by the number of its field, and the slots that it has free. */
  #list = 0
  #freeSlots = 0
  /** The map that was added to last, and what its elements have become. */
  #map: FieldCosts | null = null
  #mapEntries = 0
  #mapSlots = 0

  constructor(depth: number) {
    this.depth = depth
  }

  /** Starts another message. */
  begin(costs: MessageCosts, jsonObjectBytes: number): void {
    this.costs = costs
    this.jsonObjectBytes = jsonObjectBytes
    this.#properties = costs.createdProperties
    this.#hasUnknown = false
    this.#list = 0
    this.#map = null
  }

  /** What one more property costs; a field that comes again costs nothing once all can be there. */
  addProperty(): number {
    if (this.#properties >= this.costs.maxProperties) return 0
    const before = propertiesBytes(this.#properties)
    this.#properties += 1
    return propertiesBytes(this.#properties) - before
  }

  /** What keeping another unknown field costs, besides the field. */
  addUnknown(): number {
    if (this.#hasUnknown) return 0
    this.#hasUnknown = true
    return FIRST_SLOTS * SLOT_BYTES + this.addProperty()
  }

  /** What the slots of another few elements cost. Lists come in one run each; one that is come back to costs more. */
  addElements(list: number, count: number): number {
    let slots = count
    if (this.#list !== list) {
      this.#list = list
      this.#freeSlots = FIRST_SLOTS
      slots += FIRST_SLOTS
    }
    const usedSlots = Math.min(this.#freeSlots, count)
    this.#freeSlots -= usedSlots
    return (slots - usedSlots) * SLOT_BYTES
  }

  /** What room for a key costs that V8 takes for an index: it keeps an array with gaps. */
  addKey(map: FieldCosts, index: number): number {
    if (this.#map !== map) {
      this.#map = map
      this.#mapEntries = 0
      this.#mapSlots = 0
    }
    this.#mapEntries += 1
    const before = this.#mapSlots
    if (index < before || index - before >= MAX_GAP) return 0
    const slots = Math.ceil((index + 1) * 1.5) + 16
    if (slots > UNCHECKED_SLOTS && slots > MAX_SLOTS_PER_ENTRY * this.#mapEntries) return 0
    this.#mapSlots = slots
    return (slots - before) * SLOT_BYTES
  }
}
