/** What can stand at a place in the JSON of a message, from its descriptor. */
import { type DescMessage, type Registry, ScalarType } from '@bufbuild/protobuf'
import { hasCustomJsonRepresentation } from '@bufbuild/protobuf/wkt'
import { commentOf } from '../../api/comments.ts'
import type { JsonFrame, JsonPlace } from '../json/json-place.ts'
import { defaultMessageText } from './default-text.ts'
import { extensionsFor, fieldOfKey, keyOf } from './field-keys.ts'
import { takesNull } from './null-value.ts'
import {
  type AnyField,
  fieldTypeName,
  fileOf,
  shapeOf,
  shortTypeName,
  type ValueShape,
  wrappedShape,
} from './value-shape.ts'

export interface Completion {
  /** The JSON that is put into the text. */
  readonly text: string
  readonly shown: string
  readonly detail: string
  /** A longer explanation. */
  readonly info: string
  readonly kind: 'field' | 'value' | 'type'
}

/** What a place holds. */
type Slot =
  | { readonly kind: 'single'; readonly shape: ValueShape }
  | { readonly kind: 'list' | 'map'; readonly field: AnyField }
  /** The type of an `Any`. */
  | { readonly kind: 'type' }
  /** JSON without a descriptor, such as in a Struct. */
  | { readonly kind: 'free' }

const FREE: Slot = { kind: 'free' }

export function completionsAt(schema: DescMessage, registry: Registry, place: JsonPlace): readonly Completion[] {
  let slot: Slot = { kind: 'single', shape: { kind: 'message', message: schema } }
  const frames = place.position === 'key' ? place.frames.slice(0, -1) : place.frames
  for (const frame of frames) slot = slotIn(slot, frame, registry)
  const frame = place.frames.at(-1)
  if (place.position === 'value') return valuesOf(slot, registry)
  return frame === undefined ? [] : keysOf(slot, frame, registry, place.hasColon)
}

/** Returns what a key or an index leads to. */
function slotIn(slot: Slot, frame: JsonFrame, registry: Registry): Slot {
  if (slot.kind === 'list' || slot.kind === 'map') return { kind: 'single', shape: shapeOf(slot.field) }
  if (slot.kind !== 'single' || slot.shape.kind !== 'message') return FREE
  const message = messageOf(slot.shape.message, frame, registry)
  if (message === undefined || slot.shape.message.typeName === ANY) {
    if (frame.key === '@type') return { kind: 'type' }
    if (message !== undefined && frame.key === 'value' && hasCustomJsonRepresentation(message)) {
      return { kind: 'single', shape: { kind: 'message', message } }
    }
  }
  const field = message === undefined ? undefined : fieldOfKey(message, frame.key, registry)
  if (field === undefined) return FREE
  if (field.fieldKind === 'list' || field.fieldKind === 'map') return { kind: field.fieldKind, field }
  return { kind: 'single', shape: shapeOf(field) }
}

const ANY = 'google.protobuf.Any'

/** Returns the message whose fields an object has: of an `Any`, the one that its type names. */
function messageOf(message: DescMessage, frame: JsonFrame, registry: Registry): DescMessage | undefined {
  if (message.typeName !== ANY) return hasCustomJsonRepresentation(message) ? undefined : message
  const url = frame.keys.get('@type') ?? ''
  return registry.getMessage(url.slice(url.lastIndexOf('/') + 1))
}

function keysOf(slot: Slot, frame: JsonFrame, registry: Registry, hasColon: boolean): readonly Completion[] {
  if (slot.kind !== 'single' || slot.shape.kind !== 'message') return []
  const after = hasColon ? '' : ': '
  const special = (key: string, info: string): Completion[] =>
    frame.keys.has(key) ? [] : [{ text: `"${key}"${after}`, shown: key, detail: '', info, kind: 'field' }]
  const isAny = slot.shape.message.typeName === ANY
  const message = messageOf(slot.shape.message, frame, registry)
  const type = isAny ? special('@type', 'Which message the rest of this object is.') : []
  if (message === undefined) return type
  if (isAny && hasCustomJsonRepresentation(message)) return [...type, ...special('value', `The ${message.name}.`)]
  const fields = [...message.fields, ...extensionsFor(message, registry)].filter((field) => isFree(field, frame))
  return [...type, ...fields.map((field) => fieldCompletion(field, after))]
}

/** Whether an object may get a field: not twice, nor beside another one of its oneof. */
function isFree(field: AnyField, frame: JsonFrame): boolean {
  const rivals: readonly AnyField[] = field.oneof?.fields ?? [field]
  return !rivals.some((rival) => frame.keys.has(keyOf(rival)) || (rival.kind === 'field' && frame.keys.has(rival.name)))
}

function fieldCompletion(field: AnyField, after: string): Completion {
  const key = keyOf(field)
  const deprecated = field.deprecated ? ', deprecated' : ''
  const inOneof = field.oneof === undefined ? '' : `, of ${field.oneof.name}`
  return {
    text: `${JSON.stringify(key)}${after}`,
    shown: key,
    detail: `${shortTypeName(field)}${inOneof}${deprecated}`,
    info: commentOf(fileOf(field), field),
    kind: 'field',
  }
}

const FREE_VALUES = ['true', 'false', 'null', '{}', '[]', '""'].map((text) => value(text))

function valuesOf(slot: Slot, registry: Registry): readonly Completion[] {
  switch (slot.kind) {
    case 'list':
      return [value('[]', fieldTypeName(slot.field))]
    case 'map':
      return [value('{}', fieldTypeName(slot.field))]
    case 'type':
      return typesOf(registry)
    case 'free':
      return FREE_VALUES
    case 'single':
      return [...valuesOfShape(slot.shape), ...(takesNull(slot.shape) ? [] : [value('null', 'unset')])]
  }
}

function valuesOfShape(shape: ValueShape): readonly Completion[] {
  switch (shape.kind) {
    case 'enum':
      return shape.enum.typeName === 'google.protobuf.NullValue'
        ? [value('null')]
        : shape.enum.values.map(({ jsonName, number, deprecated }) =>
            value(JSON.stringify(jsonName), `${number}${deprecated ? ', deprecated' : ''}`),
          )
    case 'message': {
      const wrapped = wrappedShape(shape.message)
      return wrapped === undefined ? valuesOfMessage(shape.message) : valuesOfShape(wrapped)
    }
    case 'scalar':
      return valuesOfScalar(shape.scalar)
  }
}

function valuesOfMessage(message: DescMessage): readonly Completion[] {
  switch (message.typeName) {
    case 'google.protobuf.Timestamp':
      return [value(JSON.stringify(new Date().toISOString()), 'now')]
    case 'google.protobuf.Duration':
      return [value('"1s"', 'seconds'), value('"0.250s"'), value('"60s"'), value('"3600s"')]
    case 'google.protobuf.Value':
      return FREE_VALUES
    case ANY:
      return [value('{"@type": ""}', 'a message of any type')]
    default:
      return [value(defaultMessageText(message), message.typeName)]
  }
}

function valuesOfScalar(scalar: ScalarType): readonly Completion[] {
  switch (scalar) {
    case ScalarType.BOOL:
      return [value('true'), value('false')]
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return [value('"NaN"'), value('"Infinity"'), value('"-Infinity"')]
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return [value('""')]
    default:
      return []
  }
}

function typesOf(registry: Registry): readonly Completion[] {
  return [...registry].flatMap(({ kind, typeName, name }) =>
    kind === 'message'
      ? [{ text: `"type.googleapis.com/${typeName}"`, shown: typeName, detail: name, info: '', kind: 'type' as const }]
      : [],
  )
}

function value(text: string, detail = ''): Completion {
  return { text, shown: text, detail, info: '', kind: 'value' }
}
