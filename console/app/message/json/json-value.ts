/** The value that a tree of JSON stands for, as `JSON.parse` would return it. */
import type { JsonNode } from './json-node.ts'

/**
 * Returns the value of a tree. `JSON.parse` itself does not do: V8 14.6 can take one key with escapes for another
 * (https://github.com/nodejs/node/issues/63785), and numbers lose digits.
 *
 * @param exact has the texts of numbers that a JavaScript number would round
 */
export function jsonValue(root: JsonNode, exact: ReadonlyMap<JsonNode, string> = new Map()): unknown {
  const valueAt = (node: JsonNode): unknown => {
    switch (node.kind) {
      case 'array':
        return node.items.map(valueAt)
      case 'object': {
        const value: Record<string, unknown> = {}
        for (const member of node.members) put(value, member.key.value, valueAt(member.value))
        return value
      }
      case 'number':
        return exact.get(node) ?? Number(node.raw)
      default:
        return exact.get(node) ?? node.value
    }
  }
  return valueAt(root)
}

function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true })
  } else {
    object[key] = value
  }
}
