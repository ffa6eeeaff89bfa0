/** Recognizes the well-known types whose JSON is not an object of their fields. */
import { create, type DescMessage, toBinary } from '@bufbuild/protobuf'
import {
  AnySchema,
  BoolValueSchema,
  BytesValueSchema,
  DescriptorProtoSchema,
  DoubleValueSchema,
  DurationSchema,
  FieldMaskSchema,
  FloatValueSchema,
  hasCustomJsonRepresentation,
  Int32ValueSchema,
  Int64ValueSchema,
  ListValueSchema,
  StringValueSchema,
  StructSchema,
  TimestampSchema,
  UInt32ValueSchema,
  UInt64ValueSchema,
  ValueSchema,
} from '@bufbuild/protobuf/wkt'

/** How the JSON of a type is written and read: by its fields, or in a form of its own. */
export type JsonForm = 'fields' | 'wrapper' | 'Struct' | 'Value' | 'ListValue' | 'Timestamp' | 'Duration' | 'other'

const FORMS = new Map<string, readonly [schema: DescMessage, form: JsonForm]>([
  ...[DoubleValueSchema, FloatValueSchema, Int32ValueSchema, Int64ValueSchema].map(wrapper),
  ...[UInt32ValueSchema, UInt64ValueSchema, BoolValueSchema, StringValueSchema, BytesValueSchema].map(wrapper),
  [StructSchema.typeName, [StructSchema, 'Struct']],
  [ValueSchema.typeName, [ValueSchema, 'Value']],
  [ListValueSchema.typeName, [ListValueSchema, 'ListValue']],
  [TimestampSchema.typeName, [TimestampSchema, 'Timestamp']],
  [DurationSchema.typeName, [DurationSchema, 'Duration']],
  [FieldMaskSchema.typeName, [FieldMaskSchema, 'other']],
  [AnySchema.typeName, [AnySchema, 'other']],
])

function wrapper(schema: DescMessage): [string, readonly [DescMessage, JsonForm]] {
  return [schema.typeName, [schema, 'wrapper']]
}

/** Returns the form of a type. Types that only have the name of a well-known one have another form, which protobuf-es knows. */
export function jsonFormOf(desc: DescMessage): JsonForm {
  const [schema, form] = FORMS.get(desc.typeName) ?? []
  if (schema === undefined || form === undefined) return hasCustomJsonRepresentation(desc) ? 'other' : 'fields'
  return isSame(desc, schema) ? form : 'other'
}

function isSame(desc: DescMessage, schema: DescMessage): boolean {
  if (desc === schema) return true
  if (desc.file.edition !== schema.file.edition) return false
  return octetsOf(desc).equals(octetsOf(schema))
}

/** JSON names can be absent from descriptors. */
function octetsOf({ proto }: DescMessage): Buffer {
  const field = proto.field.map((each) => ({ ...each, jsonName: '' }))
  return Buffer.from(toBinary(DescriptorProtoSchema, create(DescriptorProtoSchema, { ...proto, field })))
}
