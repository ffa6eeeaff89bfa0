/** Puts into a JSON value, for each number that a double may not hold, what the field takes that it stands in. */
import { type DescExtension, type DescField, type DescMessage, type Registry, ScalarType } from '@bufbuild/protobuf'
import { hasCustomJsonRepresentation, isWrapperDesc } from '@bufbuild/protobuf/wkt'
import { clipValue } from '../text/clip-text.ts'
import { NumberLiteral } from './exact-integer.ts'
import { MAX_INTEGER_CHARS } from './scan-json.ts'

/** Arrays and objects of the value are changed in place: it must be the caller's own. */
type Resolver = (value: unknown) => unknown

type JsonObject = Record<string, unknown>

const LONG_TYPES: ReadonlySet<ScalarType | undefined> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
])

/** Types whose JSON is a text, or any JSON: what numbers they hold are doubles. */
const PLAIN_TYPES: ReadonlySet<string> = new Set(
  ['Struct', 'Value', 'ListValue', 'Timestamp', 'Duration', 'FieldMask'].map((name) => `google.protobuf.${name}`),
)

/**
 * Resolves the {@link NumberLiteral}s of a value that is the JSON of a message: in fields of 64 bits they become the digits of
 * the integer, elsewhere doubles. Texts too long for an integer, over which `BigInt` would take its time, are clipped in such
 * fields, so that protobuf refuses them.
 *
 * @param registry has the types of extensions and of `google.protobuf.Any`
 */
export function resolveNumbers(desc: DescMessage, json: unknown, registry: Registry | undefined): unknown {
  return new NumberResolution(registry).message(desc, json)
}

class NumberResolution {
  readonly #registry: Registry | undefined
  readonly #fields = new Map<DescMessage, ReadonlyMap<string, DescField>>()

  constructor(registry: Registry | undefined) {
    this.#registry = registry
  }

  message(desc: DescMessage, json: unknown): unknown {
    if (PLAIN_TYPES.has(desc.typeName)) return toDoubles(json)
    if (isWrapperDesc(desc)) return resolveScalar(desc.fields[0].scalar, json)
    if (!isObject(json)) return toDoubles(json)
    if (desc.typeName === 'google.protobuf.Any') return this.#any(json)
    for (const key of Object.keys(json)) {
      const field = this.#fieldOf(desc, key)
      if (field !== undefined) json[key] = this.#field(field, json[key])
    }
    return json
  }

  #any(json: JsonObject): unknown {
    const typeUrl = json['@type']
    if (typeof typeUrl !== 'string') return json
    const desc = this.#registry?.getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1))
    if (desc === undefined) return json
    if (!hasCustomJsonRepresentation(desc) || !Object.hasOwn(json, 'value')) return this.message(desc, json)
    json.value = this.message(desc, json.value)
    return json
  }

  #field(field: DescField | DescExtension, json: unknown): unknown {
    const single = this.#singleOf(field)
    if (field.fieldKind === 'list' && Array.isArray(json)) {
      replaceAll(json, single)
      return json
    }
    if (field.fieldKind !== 'map' || !isObject(json)) return single(json)
    if (LONG_TYPES.has(field.mapKey)) checkKeys(field, json)
    for (const key of Object.keys(json)) json[key] = single(json[key])
    return json
  }

  /** Of a value that is not a list or a map of them. */
  #singleOf({ message, scalar }: DescField | DescExtension): Resolver {
    if (message !== undefined) return (json) => this.message(message, json)
    return (json) => resolveScalar(scalar, json)
  }

  #fieldOf(desc: DescMessage, key: string): DescField | DescExtension | undefined {
    let fields = this.#fields.get(desc)
    if (fields === undefined) {
      fields = new Map(desc.fields.flatMap((field) => [[field.name, field] as const, [field.jsonName, field] as const]))
      this.#fields.set(desc, fields)
    }
    const field = fields.get(key)
    if (field !== undefined || !key.startsWith('[')) return field
    return this.#registry?.getExtension(key.slice(1, -1))
  }
}

/** @param scalar undefined for an enum */
function resolveScalar(scalar: ScalarType | undefined, json: unknown): unknown {
  if (!LONG_TYPES.has(scalar)) return toDoubles(json)
  if (json instanceof NumberLiteral) return json.toInteger()
  return typeof json === 'string' && json.length > MAX_INTEGER_CHARS ? clipValue(json) : json
}

function checkKeys(field: DescField, json: JsonObject): void {
  const long = Object.keys(json).find((key) => key.length > MAX_INTEGER_CHARS)
  if (long !== undefined)
    throw new Error(`cannot decode ${field} from JSON: the map key ${clipValue(long)} is too long`)
}

function toDoubles(json: unknown): unknown {
  if (json instanceof NumberLiteral) return json.toDouble()
  if (Array.isArray(json)) replaceAll(json, toDoubles)
  else if (isObject(json)) for (const key of Object.keys(json)) json[key] = toDoubles(json[key])
  return json
}

function replaceAll(list: unknown[], resolve: Resolver): void {
  for (let index = 0; index < list.length; index++) list[index] = resolve(list[index])
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof NumberLiteral)
}
