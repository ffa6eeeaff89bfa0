/** The rules of protovalidate that a field has, read from its options by the extensions in the registry. */
import {
  type DescExtension,
  type DescOneof,
  getExtension,
  hasExtension,
  type JsonValue,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf'
import type { AnyField } from './value-shape.ts'

/** `buf.validate.FieldRules` as JSON. */
export interface FieldRules {
  readonly required?: boolean
  readonly ignore?: string
  /** The rules of a type, under its name: `string`, `int32`, `enum`, `repeated`, `map`. */
  readonly [type: string]: JsonValue | undefined
}

const NONE: FieldRules = {}
const rulesOfFields = new WeakMap<Registry, WeakMap<AnyField, FieldRules>>()

/** Returns the rules of a field; an empty object for none. */
export function rulesOf(field: AnyField, registry: Registry): FieldRules {
  let known = rulesOfFields.get(registry)
  if (known === undefined) {
    known = new WeakMap()
    rulesOfFields.set(registry, known)
  }
  let rules = known.get(field)
  if (rules === undefined) {
    rules = readOption(field.proto.options, registry.getExtension('buf.validate.field'), registry) ?? NONE
    known.set(field, rules)
  }
  return rules
}

/** Whether one field of a oneof has to be set. */
export function isRequiredOneof(oneof: DescOneof, registry: Registry): boolean {
  const rules = readOption(oneof.proto.options, registry.getExtension('buf.validate.oneof'), registry)
  return rules?.required === true
}

/** Rules of a version that the page can not read are none. */
function readOption(
  options: Message | undefined,
  extension: DescExtension | undefined,
  registry: Registry,
): FieldRules | undefined {
  if (options === undefined || extension?.fieldKind !== 'message' || !hasExtension(options, extension)) return undefined
  try {
    const json = toJson(extension.message, getExtension(options, extension) as Message, { registry })
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : undefined
  } catch {
    return undefined
  }
}
