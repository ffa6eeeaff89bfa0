/** Short ways to write descriptors by hand. */
import type { Message, MessageInitShape } from '@bufbuild/protobuf'
import {
  type DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FieldDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'

/** A field of a descriptor. */
export type FieldInit = Exclude<MessageInitShape<typeof FieldDescriptorProtoSchema>, Message>

/** A message of a descriptor. */
export type MessageInit = Exclude<MessageInitShape<typeof DescriptorProtoSchema>, Message>

const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label
const { MESSAGE, GROUP, ENUM, STRING } = FieldDescriptorProto_Type

/** All types of fields that are neither messages nor enums. */
export const SCALARS: readonly FieldDescriptorProto_Type[] = Object.values(FieldDescriptorProto_Type).filter(
  (type): type is FieldDescriptorProto_Type => typeof type === 'number' && ![MESSAGE, GROUP, ENUM].includes(type),
)

/** Those that keys of maps can have. */
export const MAP_KEYS: readonly FieldDescriptorProto_Type[] = SCALARS.filter(
  (type) =>
    ![FieldDescriptorProto_Type.DOUBLE, FieldDescriptorProto_Type.FLOAT, FieldDescriptorProto_Type.BYTES].includes(
      type,
    ),
)

/** As in `int32`. */
export function typeText(type: FieldDescriptorProto_Type): string {
  return FieldDescriptorProto_Type[type].toLowerCase()
}

export function scalarField(name: string, number: number, type = STRING, more: FieldInit = {}): FieldInit {
  return { name, number, type, label: OPTIONAL, ...more }
}

/** @param typeName with its package, without a leading dot */
export function messageField(name: string, number: number, typeName: string, more: FieldInit = {}): FieldInit {
  return { name, number, type: MESSAGE, typeName: `.${typeName}`, label: OPTIONAL, ...more }
}

export function enumField(name: string, number: number, typeName: string, more: FieldInit = {}): FieldInit {
  return { name, number, type: ENUM, typeName: `.${typeName}`, label: OPTIONAL, ...more }
}

export function repeated(field: FieldInit): FieldInit {
  return { ...field, label: REPEATED }
}

/** A map, which is a field with a nested message of entries. */
export interface MapParts {
  readonly field: FieldInit
  readonly entry: MessageInit
}

/** @param parent the full name of the message */
export function mapField(
  parent: string,
  { name, number, key, value }: { name: string; number: number; key: FieldDescriptorProto_Type; value: FieldInit },
): MapParts {
  const entryName = `${name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Entry`
  return {
    field: repeated(messageField(name, number, `${parent}.${entryName}`)),
    entry: {
      name: entryName,
      options: { mapEntry: true },
      field: [scalarField('key', 1, key), { ...value, name: 'value', number: 2 }],
    },
  }
}
