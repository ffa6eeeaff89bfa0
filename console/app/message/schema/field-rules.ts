/** The rules of protovalidate that the fields of a message have, read from options by the extensions in the registry. */
import {
  type DescExtension,
  type DescMessage,
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

/** What protovalidate checks in a message. */
export interface MessageRules {
  /** Fields without rules are left out. */
  readonly fields: ReadonlyMap<AnyField, FieldRules>
  readonly requiredOneofs: readonly DescOneof[]
}

/** Which values rules leave alone. */
export type Ignored = 'none' | 'zero' | 'all'

const NONE: MessageRules = { fields: new Map(), requiredOneofs: [] }
const rulesOfMessages = new WeakMap<Registry, WeakMap<DescMessage, MessageRules>>()

/** Returns the rules of a message's fields, but not of messages in it. */
export function rulesOf(message: DescMessage, registry: Registry): MessageRules {
  let known = rulesOfMessages.get(registry)
  if (known === undefined) {
    known = new WeakMap()
    rulesOfMessages.set(registry, known)
  }
  let rules = known.get(message)
  if (rules === undefined) {
    rules = readRules(message, registry)
    known.set(message, rules)
  }
  return rules
}

/** Returns what rules leave alone. In doubt it is more, so that no valid value is called wrong. */
export function ignoredBy(rules: FieldRules): Ignored {
  // `skipped` and `ignore_empty` are names of older versions.
  if (rules.ignore === 'IGNORE_ALWAYS' || rules.skipped === true) return 'all'
  const isPlain = (rules.ignore ?? 'IGNORE_UNSPECIFIED') === 'IGNORE_UNSPECIFIED' && rules.ignoreEmpty !== true
  return isPlain ? 'none' : 'zero'
}

function readRules(message: DescMessage, registry: Registry): MessageRules {
  const ofField = registry.getExtension('buf.validate.field')
  const whole = readOption(message.proto.options, registry.getExtension('buf.validate.message'), registry)
  if (ofField === undefined || whole?.disabled === true) return NONE
  const rivals = rivalsOf(whole)
  const fields = new Map<AnyField, FieldRules>()
  for (const field of message.fields) {
    const rules = readOption(field.proto.options, ofField, registry)
    if (rules === undefined) continue
    fields.set(field, rivals.has(field.name) ? { ignore: 'IGNORE_IF_ZERO_VALUE', ...rules } : rules)
  }
  const ofOneof = registry.getExtension('buf.validate.oneof')
  const requiredOneofs = message.oneofs.filter(
    (oneof) => readOption(oneof.proto.options, ofOneof, registry)?.required === true,
  )
  return { fields, requiredOneofs }
}

/** The fields of `buf.validate.message.oneof` rules, of which one is set: the others are not checked. */
function rivalsOf(rules: FieldRules | undefined): ReadonlySet<JsonValue> {
  const groups = Array.isArray(rules?.oneof) ? rules.oneof : []
  return new Set(groups.flatMap((group) => listIn(group, 'fields')))
}

function listIn(rules: JsonValue | undefined, name: string): readonly JsonValue[] {
  if (typeof rules !== 'object' || rules === null || Array.isArray(rules)) return []
  const found = rules[name]
  return Array.isArray(found) ? found : []
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
