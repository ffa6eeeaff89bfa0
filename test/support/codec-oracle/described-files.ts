/** Makes descriptors of types that nobody has seen before: proto2, proto3, and editions with any features. */
import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  type Message,
  type MessageInitShape,
} from '@bufbuild/protobuf'
import {
  type DescriptorProtoSchema,
  Edition,
  type EnumDescriptorProtoSchema,
  FeatureSet_EnumType,
  FeatureSet_FieldPresence,
  FeatureSet_MessageEncoding,
  FeatureSet_RepeatedFieldEncoding,
  FeatureSet_Utf8Validation,
  type FeatureSetSchema,
  type FieldDescriptorProtoSchema,
  FieldOptions_JSType,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import type { SeededRandom } from '../seeded-random.ts'
import { defaultOf } from './default-values.ts'
import { TEST_FILES } from './test-messages.ts'

/** The plain object that a message is created from. */
type Draft<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, Message>
type MessageProto = Draft<typeof DescriptorProtoSchema>
type FieldProto = Draft<typeof FieldDescriptorProtoSchema>
type EnumProto = Draft<typeof EnumDescriptorProtoSchema>
type Features = Draft<typeof FeatureSetSchema>
type Syntax = 'proto2' | 'proto3' | 'editions'

/**
 * Names that objects of JavaScript have a meaning for, or that messages use themselves. Not those of `Object.prototype` that protobuf-es
 * does not escape, such as has_own_property: it decodes into the inherited function.
 */
const SPECIAL_NAMES = ['constructor', 'to_string', 'value_of', 'prototype', '__proto__', 'case', 'value', 'to_j_s_o_n']
const ONEOF_NAMES = [
  ['chosen', 'to_locale_string', 'is_prototype_of'],
  ['kind', 'define_getter', 'property_is_enumerable'],
]
const WELL_KNOWN = ['Timestamp', 'Duration', 'Any', 'Struct', 'Value', 'ListValue', 'FieldMask']
const WRAPPERS = ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes']
const IMPORTS = ['timestamp', 'duration', 'any', 'struct', 'field_mask', 'wrappers']
const PACKAGE = 'described'
const WITH_PRESENCE = { fieldPresence: FeatureSet_FieldPresence.EXPLICIT }

const SCALARS = Object.values(Type).filter(
  (type): type is Type => typeof type === 'number' && ![Type.GROUP, Type.MESSAGE, Type.ENUM].includes(type),
)
const KEYS = SCALARS.filter((type) => ![Type.DOUBLE, Type.FLOAT, Type.BYTES].includes(type))
const LONGS = [Type.INT64, Type.UINT64, Type.SINT64, Type.FIXED64, Type.SFIXED64]
const NOT_PACKABLE = [Type.STRING, Type.BYTES]

/** Types that refer to one another, and the registry that has them. */
export interface DescribedTypes {
  readonly types: readonly DescMessage[]
  readonly registry: FileRegistry
}

/** Describes a file of up to five types with their nested types and enums. */
export function describeTypes(random: SeededRandom): DescribedTypes {
  const draft = new FileDraft(random)
  const names = Array.from({ length: 1 + random.below(5) }, (_, n) => `Type${n}`)
  const file = create(FileDescriptorProtoSchema, {
    name: 'described.proto',
    package: PACKAGE,
    ...draft.head(),
    dependency: IMPORTS.map((name) => `google/protobuf/${name}.proto`),
    enumType: ['Kind0', 'Kind1'].map((name) => draft.enum(name)),
    messageType: names.map((name) => draft.message(name, names)),
  })
  const registry = createFileRegistry(file, (name) => TEST_FILES.getFile(name))
  const types = [...registry].filter(
    (type): type is DescMessage => type.kind === 'message' && type.file.name === 'described',
  )
  return { types, registry }
}

class FileDraft {
  readonly #random: SeededRandom
  readonly #syntax: Syntax

  constructor(random: SeededRandom) {
    this.#random = random
    this.#syntax = random.pick(['proto2', 'proto3', 'editions', 'editions'] as const)
  }

  head() {
    if (this.#syntax !== 'editions') return { syntax: this.#syntax }
    const edition = this.#random.pick([Edition.EDITION_2023, Edition.EDITION_2024])
    return { syntax: this.#syntax, edition, options: { features: this.#features() } }
  }

  enum(name: string): EnumProto {
    const random = this.#random
    const numbers = new Set([this.#syntax === 'proto3' ? 0 : random.pick([0, 0, 1, -5]), 1, 2, random.below(1_000), -1])
    const value = [...numbers].map((number, n) => ({ name: `${name.toUpperCase()}_V${n}`, number }))
    return { name, value, ...this.#options() }
  }

  message(name: string, names: readonly string[]): MessageProto {
    const random = this.#random
    const proto = {
      name,
      field: [] as FieldProto[],
      nestedType: [] as MessageProto[],
      oneofDecl: [] as { name: string }[],
    }
    // Some are past the number up to which a type is one function.
    const count = random.below(40) === 0 ? 150 + random.below(150) : random.below(14)
    const oneofs = random.below(3)
    for (let n = 0; n < count; n++) {
      const field = this.#field(proto, names, n)
      const at = random.below(oneofs + 3)
      const canBeCase = field.label === Label.OPTIONAL && !field.proto3Optional
      if (at < proto.oneofDecl.length && canBeCase) proto.field.push({ ...field, oneofIndex: at })
      else proto.field.push(field)
      if (canBeCase && proto.oneofDecl.length < oneofs) {
        proto.oneofDecl.push({ name: random.pick(ONEOF_NAMES[proto.oneofDecl.length] ?? ['more']) })
        proto.field.splice(-1, 1, { ...field, oneofIndex: proto.oneofDecl.length - 1 })
      }
    }
    for (const [n, field] of proto.field.entries()) {
      if (!field.proto3Optional) continue
      proto.oneofDecl.push({ name: `_optional_${n}` })
      proto.field[n] = { ...field, oneofIndex: proto.oneofDecl.length - 1 }
    }
    return { ...proto, ...this.#options() }
  }

  #field(parent: { name: string; nestedType: MessageProto[] }, names: readonly string[], n: number): FieldProto {
    const random = this.#random
    // The first of a name as it is; names are unique.
    const special = random.below(8) === 0 ? SPECIAL_NAMES[n] : undefined
    const name = special ?? `${random.word(1 + random.below(6))}_${n}`
    const number = n < 8 ? n * 2 + 1 : random.pick([16 + n, 2_048 + n, 100_000 + n, 536_870_000 + n])
    const base = { name, number, jsonName: random.below(9) === 0 ? `__proto__${n}` : `j${n}` }
    const kind = random.below(10)
    if (kind === 0) return this.#map(base, parent, names)
    const label = this.#label(kind)
    if (kind < 4) return { ...base, ...this.#message(names), label, ...this.#options() }
    if (kind === 4)
      return { ...base, type: Type.ENUM, typeName: `.${PACKAGE}.Kind${random.below(2)}`, label, ...this.#options() }
    return this.#scalar({ ...base, type: random.pick(SCALARS), label })
  }

  #label(kind: number): Label {
    const random = this.#random
    if (kind % 2 === 0 && random.below(2) === 0) return Label.REPEATED
    return this.#syntax === 'proto2' && random.below(50) === 0 ? Label.REQUIRED : Label.OPTIONAL
  }

  #message(names: readonly string[]): FieldProto {
    const random = this.#random
    const chosen = random.below(5)
    if (chosen === 0) return { type: Type.MESSAGE, typeName: `.google.protobuf.${random.pick(WELL_KNOWN)}` }
    if (chosen === 1) return { type: Type.MESSAGE, typeName: `.google.protobuf.${random.pick(WRAPPERS)}Value` }
    const isGroup = this.#syntax === 'proto2' && random.below(3) === 0
    return { type: isGroup ? Type.GROUP : Type.MESSAGE, typeName: `.${PACKAGE}.${random.pick(names)}` }
  }

  #scalar(field: FieldProto & { type: Type; label: Label }): FieldProto {
    const random = this.#random
    const isList = field.label === Label.REPEATED
    const options = {
      ...this.#options().options,
      ...(isList && random.below(3) === 0 && !NOT_PACKABLE.includes(field.type) && { packed: random.below(2) === 0 }),
      ...(LONGS.includes(field.type) && random.below(3) === 0 && { jstype: FieldOptions_JSType.JS_STRING }),
    }
    const hasDefault = !isList && this.#syntax !== 'proto3' && random.below(4) === 0
    // Compilers refuse a default without presence.
    const features = hasDefault && this.#syntax === 'editions' && { features: WITH_PRESENCE }
    return {
      ...field,
      options: { ...options, ...features },
      ...(this.#syntax === 'proto3' && !isList && random.below(4) === 0 && { proto3Optional: true }),
      ...(hasDefault && { defaultValue: defaultOf(field.type, random) }),
    }
  }

  #map(base: FieldProto, parent: { name: string; nestedType: MessageProto[] }, names: readonly string[]): FieldProto {
    const random = this.#random
    const value = random.pick([
      this.#message(names),
      { type: random.pick(SCALARS) },
      { type: Type.ENUM, typeName: `.${PACKAGE}.Kind0` },
    ])
    const entry = `Entry${parent.nestedType.length}`
    parent.nestedType.push({
      name: entry,
      options: { mapEntry: true },
      field: [
        { name: 'key', number: 1, label: Label.OPTIONAL, type: random.pick(KEYS) },
        {
          ...value,
          ...(value.type === Type.GROUP && { type: Type.MESSAGE }),
          name: 'value',
          number: 2,
          label: Label.OPTIONAL,
        },
      ],
    })
    return { ...base, label: Label.REPEATED, type: Type.MESSAGE, typeName: `.${PACKAGE}.${parent.name}.${entry}` }
  }

  /** Features, where the syntax has them. */
  #options(): { options?: { features: Features } } {
    if (this.#syntax !== 'editions' || this.#random.below(3) > 0) return {}
    return { options: { features: this.#features() } }
  }

  #features(): Features {
    const random = this.#random
    const { EXPLICIT, IMPLICIT, LEGACY_REQUIRED } = FeatureSet_FieldPresence
    const maybe = <T>(choices: readonly T[]) => (random.below(2) === 0 ? undefined : random.pick(choices))
    const all = {
      fieldPresence: random.below(60) === 0 ? LEGACY_REQUIRED : maybe([EXPLICIT, IMPLICIT]),
      enumType: maybe([FeatureSet_EnumType.OPEN, FeatureSet_EnumType.CLOSED]),
      repeatedFieldEncoding: maybe([
        FeatureSet_RepeatedFieldEncoding.PACKED,
        FeatureSet_RepeatedFieldEncoding.EXPANDED,
      ]),
      utf8Validation: maybe([FeatureSet_Utf8Validation.VERIFY, FeatureSet_Utf8Validation.NONE]),
      messageEncoding: maybe([FeatureSet_MessageEncoding.LENGTH_PREFIXED, FeatureSet_MessageEncoding.DELIMITED]),
    }
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  }
}
