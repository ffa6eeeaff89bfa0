/** JSON as a tree whose values know their places in the text, so that faults have positions and edits change nothing else. */

/** Offsets in the text, in UTF-16 code units. */
export interface Span {
  readonly start: number
  /** After the last character. */
  readonly end: number
}

export interface JsonObject extends Span {
  readonly kind: 'object'
  /** In the order of the text, duplicates included. */
  readonly members: readonly JsonMember[]
}

export interface JsonMember {
  readonly key: JsonString
  readonly value: JsonNode
}

export interface JsonArray extends Span {
  readonly kind: 'array'
  readonly items: readonly JsonNode[]
}

export interface JsonString extends Span {
  readonly kind: 'string'
  readonly value: string
}

/** A number as it was written: a JavaScript number would lose digits of 64-bit integers. */
export interface JsonNumber extends Span {
  readonly kind: 'number'
  readonly raw: string
}

export interface JsonLiteral extends Span {
  readonly kind: 'literal'
  readonly value: boolean | null
}

export type JsonNode = JsonObject | JsonArray | JsonString | JsonNumber | JsonLiteral

/** Keys of objects and indexes of arrays, from the root. */
export type JsonPath = readonly (string | number)[]

/** Returns a member by its key. Of duplicates, the last one counts, as in `JSON.parse`. */
export function memberOf(object: JsonObject, key: string): JsonMember | undefined {
  return object.members.findLast((member) => member.key.value === key)
}

/** Returns what is at a path; undefined if nothing is. */
export function nodeAt(root: JsonNode, path: JsonPath): JsonNode | undefined {
  let node: JsonNode | undefined = root
  for (const step of path) {
    if (node?.kind === 'object' && typeof step === 'string') node = memberOf(node, step)?.value
    else if (node?.kind === 'array' && typeof step === 'number') node = node.items[step]
    else return undefined
  }
  return node
}

/** Whether a value is `null`. */
export function isNull(node: JsonNode): boolean {
  return node.kind === 'literal' && node.value === null
}
