/** Lays a JSON text out with two spaces per level. Values keep their characters, such as all digits of a number. */
import type { ParsedJson } from './edit-json.ts'
import type { JsonNode } from './json-node.ts'

export function formatJson({ text, root }: ParsedJson): string {
  return written(text, root, '')
}

function written(text: string, node: JsonNode, indent: string): string {
  const inner = `${indent}  `
  if (node.kind === 'array') {
    const items = node.items.map((item) => `${inner}${written(text, item, inner)}`)
    return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n${indent}]`
  }
  if (node.kind === 'object') {
    const members = node.members.map(
      ({ key, value }) => `${inner}${text.slice(key.start, key.end)}: ${written(text, value, inner)}`,
    )
    return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`
  }
  return text.slice(node.start, node.end)
}
