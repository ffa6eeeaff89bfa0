/** Prints descriptors as .proto source. */
import type {
  DescEnum,
  DescExtension,
  DescField,
  DescMessage,
  DescMethod,
  DescOneof,
  DescService,
} from '@bufbuild/protobuf'
import { ScalarType } from '@bufbuild/protobuf'
import type { DescType } from './schema.ts'

/** The declaration of a type, with full names and without comments. */
export function toProtoText(type: DescType): string {
  if (type.kind === 'service') return serviceText(type)
  if (type.kind === 'message') return messageText(type)
  if (type.kind === 'enum') return enumText(type)
  return block(`extend ${type.extendee.typeName}`, [fieldText(type)])
}

/** The declaration of a method, as in its service. */
export function methodText({ name, methodKind, input, output }: DescMethod): string {
  const streamsIn = methodKind === 'client_streaming' || methodKind === 'bidi_streaming' ? 'stream ' : ''
  const streamsOut = methodKind === 'server_streaming' || methodKind === 'bidi_streaming' ? 'stream ' : ''
  return `rpc ${name}(${streamsIn}${input.typeName}) returns (${streamsOut}${output.typeName});`
}

function serviceText({ typeName, methods }: DescService): string {
  return block(`service ${typeName}`, methods.map(methodText))
}

function enumText({ typeName, values }: DescEnum): string {
  const lines = values.map(({ name, number }) => `${name} = ${number};`)
  return block(`enum ${typeName}`, lines)
}

function messageText({ typeName, members }: DescMessage): string {
  const lines = members.flatMap((member) => (member.kind === 'oneof' ? oneofLines(member) : fieldText(member)))
  return block(`message ${typeName}`, lines)
}

function oneofLines({ name, fields }: DescOneof): string[] {
  return [`oneof ${name} {`, ...fields.map((field) => `  ${fieldText(field)}`), '}']
}

function fieldText(field: DescField | DescExtension): string {
  return `${label(field)}${fieldType(field)} ${field.name} = ${field.number};`
}

function label(field: DescField | DescExtension): string {
  if (field.fieldKind === 'list') return 'repeated '
  return field.proto.proto3Optional ? 'optional ' : ''
}

function fieldType(field: DescField | DescExtension): string {
  if (field.fieldKind === 'map') {
    const { mapKind, scalar } = field
    const valueName = mapKind === 'scalar' ? scalarName(scalar) : typeNameOf(field)
    return `map<${scalarName(field.mapKey)}, ${valueName}>`
  }
  return field.scalar === undefined ? typeNameOf(field) : scalarName(field.scalar)
}

function typeNameOf({ message, enum: enumeration }: Pick<DescField, 'message' | 'enum'>): string {
  return message?.typeName ?? enumeration?.typeName ?? 'unknown'
}

function scalarName(scalar: ScalarType): string {
  return ScalarType[scalar].toLowerCase()
}

function block(head: string, lines: readonly string[]): string {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), '}'].join('\n')
}
