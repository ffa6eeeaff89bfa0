/** The limits of fields, from their `buf.validate` rules. */
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf'
import { isWrapperDesc } from '@bufbuild/protobuf/wkt'
import type { JsonData } from '../model/document.ts'
import { choiceLimits, joinLimits, type Limits, limit, numberOf, sentence, UNLIMITED } from './limits.ts'
import { longNumberLimits, numberLimits, timeLimits } from './number-limits.ts'
import { bytesLimits, stringLimits } from './string-limits.ts'

/** The type of a single value. */
export interface ValueType {
  readonly scalar?: ScalarType | undefined
  readonly enum?: DescEnum | undefined
  readonly message?: DescMessage | undefined
}

/** Writes the number of an enum value as the document has it. */
export type EnumText = (type: DescEnum, number: number) => JsonData

/** The rules of a scalar by its type: those of 64-bit integers are for strings. */
const LONG: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.SINT64,
  ScalarType.SFIXED64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
])

/** Returns the rules of a scalar type: `{ string: { minLen: '1' } }` has some for strings. */
export function scalarRules(rules: JsonObject, scalar: ScalarType): JsonObject {
  return objectOf(rules[(ScalarType[scalar] ?? '').toLowerCase()])
}

/** Returns the limits of a single value, that of a field or an element. */
export function valueLimits(rules: JsonObject, type: ValueType, enumText: EnumText): Limits {
  if (rules.ignore === 'IGNORE_ALWAYS') return UNLIMITED
  return joinLimits([typeLimits(rules, type, enumText), celLimits(rules)])
}

/** Returns the limits of a list or a map as a whole. */
export function collectionLimits(rules: JsonObject, { fieldKind }: Pick<DescField, 'fieldKind'>): Limits {
  if (rules.ignore === 'IGNORE_ALWAYS') return UNLIMITED
  const own = objectOf(fieldKind === 'list' ? rules.repeated : rules.map)
  const words = fieldKind === 'list' ? LIST_WORDS : MAP_WORDS
  const [least, most] = [numberOf(own, words.least), numberOf(own, words.most)]
  return joinLimits([
    least === undefined ? UNLIMITED : limit({ [words.minimum]: least }),
    most === undefined ? UNLIMITED : limit({ [words.maximum]: most }),
    own.unique === true ? limit({ uniqueItems: true }) : UNLIMITED,
    celLimits(rules),
  ])
}

const LIST_WORDS = { least: 'minItems', most: 'maxItems', minimum: 'minItems', maximum: 'maxItems' }
const MAP_WORDS = { least: 'minPairs', most: 'maxPairs', minimum: 'minProperties', maximum: 'maxProperties' }

/** Returns the sentences of rules in CEL, which JSON Schema cannot state. */
export function celLimits({ cel, celExpression }: JsonObject): Limits {
  const rules = [
    ...listOf(cel).map(objectOf),
    ...listOf(celExpression).map((expression) => ({ expression }) as JsonObject),
  ]
  return joinLimits(rules.map(({ message, expression }) => sentence(celSentence(message, expression))))
}

function celSentence(message: JsonValue | undefined, expression: JsonValue | undefined): string {
  if (typeof message !== 'string' || message === '') return `Must satisfy \`${expression}\`.`
  const [first = '', ...rest] = message
  return `${first.toUpperCase()}${rest.join('')}${/[.!?]$/.test(message) ? '' : '.'}`
}

function typeLimits(rules: JsonObject, type: ValueType, enumText: EnumText): Limits {
  if (type.scalar !== undefined) return scalarLimits(scalarRules(rules, type.scalar), type.scalar)
  if (type.enum !== undefined) return enumLimits(objectOf(rules.enum), type.enum, enumText)
  const wrapped = type.message === undefined ? undefined : wrappedScalar(type.message)
  if (wrapped !== undefined) return scalarLimits(scalarRules(rules, wrapped), wrapped)
  return joinLimits([
    timeLimits({ ...objectOf(rules.timestamp), ...objectOf(rules.duration) }),
    anyLimits(objectOf(rules.any)),
    choiceLimitsOf(objectOf(rules.fieldMask)),
  ])
}

function scalarLimits(rules: JsonObject, scalar: ScalarType): Limits {
  if (scalar === ScalarType.STRING) return stringLimits(rules)
  if (scalar === ScalarType.BYTES) return bytesLimits(rules)
  if (scalar === ScalarType.BOOL) return choiceLimits({ ...(rules.const !== undefined && { const: rules.const }) })
  return LONG.has(scalar) ? longNumberLimits(rules) : numberLimits(rules)
}

function enumLimits(rules: JsonObject, type: DescEnum, enumText: EnumText): Limits {
  const text = (number: JsonValue) => enumText(type, Number(number)) as JsonValue
  return choiceLimits({
    ...(rules.const !== undefined && { const: text(rules.const) }),
    ...(rules.in !== undefined && { in: listOf(rules.in).map(text) }),
    ...(rules.notIn !== undefined && { notIn: listOf(rules.notIn).map(text) }),
  })
}

function anyLimits(rules: JsonObject): Limits {
  const types = choiceLimitsOf(rules)
  return Object.keys(types.schema).length === 0 ? UNLIMITED : limit({ properties: { '@type': types.schema } })
}

/** The paths of a field mask are one text, which says all paths or none. */
function choiceLimitsOf(rules: JsonObject): Limits {
  return choiceLimits({
    ...(Array.isArray(rules.in) && { in: rules.in }),
    ...(Array.isArray(rules.notIn) && { notIn: rules.notIn }),
  })
}

/** Returns the scalar of a wrapper, such as `google.protobuf.Int32Value`; undefined for other types. */
export function wrappedScalar(message: DescMessage): ScalarType | undefined {
  return isWrapperDesc(message) ? message.fields[0].scalar : undefined
}

/** Returns a part of rules; an empty object if it is absent. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : []
}
