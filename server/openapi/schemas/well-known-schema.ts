/** The JSON of the types that protobuf itself defines (https://protobuf.dev/programming-guides/json). */
import type { DescMessage } from '@bufbuild/protobuf'
import type { Schema } from '../model/document.ts'

/** Short schemas, which stand where the type is used. */
const INLINE: Readonly<Record<string, Schema>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  // The format `duration` of JSON Schema is that of ISO 8601.
  'google.protobuf.Duration': {
    type: 'string',
    pattern: '^-?[0-9]{1,12}(?:\\.[0-9]{1,9})?s$',
    description: 'A number of seconds, such as `1.5s`.',
  },
  'google.protobuf.FieldMask': {
    type: 'string',
    description: 'Names of fields, separated by commas: `title,author.familyName`.',
  },
}

/** Schemas that become components. */
const NAMED: Readonly<Record<string, Schema>> = {
  'google.protobuf.Any': {
    type: 'object',
    title: 'Any',
    description: 'A message of any type, with the fields of that type.',
    properties: {
      '@type': { type: 'string', description: 'The type: `type.googleapis.com/` and its full name.' },
    },
    additionalProperties: true,
    // Servers know the types of their own files only.
    examples: [{}],
  },
  'google.protobuf.Struct': {
    type: 'object',
    title: 'Struct',
    description: 'Any object of JSON.',
    additionalProperties: true,
  },
  'google.protobuf.Value': { title: 'Value', description: 'Any value of JSON.' },
  'google.protobuf.ListValue': { type: 'array', title: 'ListValue', description: 'Any array of JSON.', items: {} },
}

/** Returns the schema of a type that is a value without structure; undefined for other types. */
export function inlineSchema({ typeName }: DescMessage): Schema | undefined {
  return Object.hasOwn(INLINE, typeName) ? INLINE[typeName] : undefined
}

/** Returns the schema of a type whose JSON is not that of its fields; undefined for other types. */
export function namedSchema({ typeName }: DescMessage): Schema | undefined {
  return Object.hasOwn(NAMED, typeName) ? NAMED[typeName] : undefined
}
