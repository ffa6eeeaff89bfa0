/** Types with names that would break code which quotes them badly, or objects that are keyed with them. */
import { create, createFileRegistry, type DescMessage, type Message, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type DescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'

/** What the names try to set. */
export const CANARY = 'hostileCanary'

const ATTACK = `globalThis.${CANARY}=1`

/** Names of packages, types, fields, oneofs and enums that descriptors made by hand may carry. */
export const HOSTILE_NAMES: readonly string[] = [
  '$typeName_',
  'prototype',
  'class',
  'this',
  'await',
  'arguments',
  'message',
  '$0',
  '$1',
  'm',
  'p',
  'b',
  '',
  ' ',
  '0',
  'a-b',
  '\0',
  '\ud800',
  '\u2028\u2029',
  'caf\u00e9',
  '*/',
  '</script><!--',
  `'+(${ATTACK})+'`,
  `"+(${ATTACK})+"`,
  `\`+(${ATTACK})+\``,
  `\${${ATTACK}}`,
  `"]=${ATTACK};//`,
  `\\"]=${ATTACK};//`,
  `\n${ATTACK}\n`,
  `\r\n${ATTACK}//`,
  `\u2028${ATTACK}\u2028`,
  `*/${ATTACK}/*`,
  `(){};${ATTACK};function x`,
]

/** Names of `Object.prototype`, as registries make names of properties from them: some are escaped. */
export const ESCAPED_NAMES: readonly string[] = ['__proto__', 'constructor', 'toString', 'valueOf', 'toJSON']

/** Those that are not escaped. protobuf-es decodes messages into the inherited function. */
export const INHERITED_NAMES: readonly string[] = [
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
]

type MessageProto = Exclude<MessageInitShape<typeof DescriptorProtoSchema>, Message>
type FieldProto = NonNullable<MessageProto['field']>[number] & { oneofIndex?: number }

/**
 * Returns types in which everything that has a name has this one: with and without presence, as each kind of field, as a oneof.
 *
 * @param name an identifier; `rename` gives the types other names
 */
export function typesNamed(name: string): readonly DescMessage[] {
  return (['proto2', 'proto3'] as const).flatMap((syntax) => {
    const self = `.${name}.${name}`
    const fields: FieldProto[] = [
      { label: Label.OPTIONAL, type: Type.STRING },
      { label: Label.OPTIONAL, type: Type.BYTES },
      { label: Label.OPTIONAL, type: Type.MESSAGE, typeName: self },
      { label: Label.OPTIONAL, type: Type.ENUM, typeName: `.${name}.${name}Enum` },
      { label: Label.REPEATED, type: Type.INT32 },
      { label: Label.REPEATED, type: Type.MESSAGE, typeName: self },
      { label: Label.REPEATED, type: Type.MESSAGE, typeName: `${self}.${name}Entry` },
      { label: Label.OPTIONAL, type: Type.STRING, oneofIndex: 0 },
      { label: Label.OPTIONAL, type: Type.MESSAGE, typeName: self, oneofIndex: 0 },
    ]
    const entry = {
      name: `${name}Entry`,
      options: { mapEntry: true },
      field: [
        { name: 'key', number: 1, label: Label.OPTIONAL, type: Type.STRING },
        { name: 'value', number: 2, label: Label.OPTIONAL, type: Type.STRING },
      ],
    }
    const messageType = fields.map((field, n) => ({
      name: n === 0 ? name : `${name}${n}`,
      field: [{ ...field, name, number: 1, jsonName: name }],
      nestedType: n === 0 ? [entry] : [],
      oneofDecl: field.oneofIndex === undefined ? [] : [{ name }],
    }))
    const values = [name, `${name}1`].map((value, number) => ({ name: value, number }))
    const enumType = [{ name: `${name}Enum`, value: values }]
    const head = { name: 'hostile.proto', package: name, syntax }
    const file = create(FileDescriptorProtoSchema, { ...head, messageType, enumType })
    return [...createFileRegistry(file, () => undefined)].filter((type) => type.kind === 'message')
  })
}

/** Gives types another name, also one that a registry would refuse or escape. */
export function rename(types: readonly DescMessage[], name: string): readonly DescMessage[] {
  for (const [n, type] of types.entries()) {
    Object.assign(type, { name, typeName: `${name}.${name}${n}` })
    for (const field of type.fields) {
      Object.assign(field, { name, localName: name, jsonName: name })
      if (field.enum === undefined) continue
      Object.assign(field.enum, { name, typeName: name })
      for (const value of field.enum.values) Object.assign(value, { name: `${name}${value.number}`, localName: name })
    }
    for (const oneof of type.oneofs) Object.assign(oneof, { name, localName: name })
  }
  return types
}

/** Returns one type with so many fields. */
export function wideType(fields: number): DescMessage {
  const field = Array.from({ length: fields }, (_, n) => ({
    name: `f${n}`,
    number: n + 1,
    label: n % 7 === 0 ? Label.REPEATED : Label.OPTIONAL,
    type: [Type.STRING, Type.INT32, Type.BOOL, Type.DOUBLE, Type.UINT64, Type.BYTES][n % 6] as Type,
    jsonName: `f${n}`,
  }))
  return onlyMessage({ name: 'Wide', field })
}

/** Returns a type with so many types, each nested in the one before, which has a field of it. */
export function nestedType(levels: number): DescMessage {
  const names = Array.from({ length: levels }, (_, n) => `T${n}`)
  const typeName = (level: number) => `.nested.${names.slice(0, level + 1).join('.')}`
  return onlyMessage(
    names.reduceRight<MessageProto>(
      (inner, name, level) => ({
        name,
        nestedType: inner.name === undefined ? [] : [inner],
        field: [
          { name: 'depth', number: 1, label: Label.OPTIONAL, type: Type.INT32, jsonName: 'depth' },
          ...(inner.name === undefined
            ? []
            : [
                {
                  name: 'child',
                  number: 2,
                  label: Label.OPTIONAL,
                  type: Type.MESSAGE,
                  typeName: typeName(level + 1),
                  jsonName: 'child',
                },
              ]),
        ],
      }),
      {},
    ),
  )
}

function onlyMessage(message: MessageProto): DescMessage {
  const file = create(FileDescriptorProtoSchema, {
    name: 'nested.proto',
    package: 'nested',
    syntax: 'proto3',
    messageType: [message],
  })
  const type = createFileRegistry(file, () => undefined).getMessage(`nested.${message.name}`)
  if (type === undefined) throw new Error('the type is missing')
  return type
}
