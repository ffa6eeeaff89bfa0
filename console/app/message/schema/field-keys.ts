/** Which key of JSON means which field: its JSON name, its name in the proto file, or the name of an extension in brackets. */
import type { DescExtension, DescField, DescMessage, Registry } from '@bufbuild/protobuf'
import type { JsonMember, JsonNode } from '../json/json-node.ts'
import type { AnyField } from './value-shape.ts'

const fieldsByKey = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>()
const extensionsOf = new WeakMap<Registry, ReadonlyMap<string, readonly DescExtension[]>>()

/** Returns the field or extension that a key means in the JSON of a message. */
export function fieldOfKey(message: DescMessage, key: string, registry: Registry): AnyField | undefined {
  const field = keysOf(message).get(key)
  if (field !== undefined || !key.startsWith('[') || !key.endsWith(']')) return field
  const extension = registry.getExtension(key.slice(1, -1))
  return extension?.extendee.typeName === message.typeName ? extension : undefined
}

/** Returns the key that protobuf writes for a field. */
export function keyOf(field: AnyField): string {
  return field.kind === 'extension' ? `[${field.typeName}]` : field.jsonName
}

/** Returns the member of a message's JSON that sets a field. */
export function memberOfField(node: JsonNode | undefined, field: AnyField): JsonMember | undefined {
  if (node?.kind !== 'object') return undefined
  const key = keyOf(field)
  return node.members.findLast(
    ({ key: { value } }) => value === key || (field.kind === 'field' && value === field.name),
  )
}

/** Returns the extensions of a message that a registry knows, by number. */
export function extensionsFor(message: DescMessage, registry: Registry): readonly DescExtension[] {
  let known = extensionsOf.get(registry)
  if (known === undefined) {
    const extensions = [...registry].filter((type) => type.kind === 'extension')
    extensions.sort((a, b) => a.number - b.number)
    known = Map.groupBy(extensions, (extension) => extension.extendee.typeName)
    extensionsOf.set(registry, known)
  }
  return known.get(message.typeName) ?? []
}

function keysOf(message: DescMessage): ReadonlyMap<string, DescField> {
  let keys = fieldsByKey.get(message)
  if (keys === undefined) {
    keys = new Map(message.fields.flatMap((field) => [[field.name, field] as const, [field.jsonName, field] as const]))
    fieldsByKey.set(message, keys)
  }
  return keys
}
