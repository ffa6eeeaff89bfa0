/** Values in the text format of protobuf, as protos write the values of options. */
import { type DescExtension, type DescField, ScalarType } from '@bufbuild/protobuf'
import { isReflectList, isReflectMap, isReflectMessage, type ReflectMessage } from '@bufbuild/protobuf/reflect'

/** Returns a message in braces. Short ones take a line, others a line for each field. */
export function messageText(message: ReflectMessage, indent = ''): string {
  const inner = `${indent}  `
  const lines = message.fields
    .filter((field) => message.isSet(field))
    .flatMap((field) => fieldLines(message, field, inner))
  if (lines.length === 0) return '{}'
  const short = `{ ${lines.join(', ')} }`
  if (lines.length <= 2 && short.length <= 80 && !short.includes('\n')) return short
  return `{\n${lines.map((line) => `${inner}${line}\n`).join('')}${indent}}`
}

function fieldLines(message: ReflectMessage, field: DescField, indent: string): string[] {
  const value: unknown = message.get(field)
  if (isReflectList(value)) return [...value].map((each) => fieldLine(field, each, indent))
  if (isReflectMap(value)) {
    return [...value].map(
      ([key, each]) => `${field.name}: { key: ${plainText(key)}, value: ${valueText(field, each, indent)} }`,
    )
  }
  return [fieldLine(field, value, indent)]
}

function fieldLine(field: DescField, value: unknown, indent: string): string {
  return `${field.name}: ${valueText(field, value, indent)}`
}

/** Returns a value of a field; of an element for lists and maps. */
export function valueText(field: DescField | DescExtension, value: unknown, indent = ''): string {
  if (isReflectMessage(value)) return messageText(value, indent)
  if (field.enum !== undefined && typeof value === 'number') return field.enum.value[value]?.name ?? String(value)
  if (field.scalar === ScalarType.STRING) return plainText(value)
  return value instanceof Uint8Array ? bytesText(value) : String(value)
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/** Printable ASCII as it is, other octets as escapes. */
function bytesText(octets: Uint8Array): string {
  const escaped = (octet: number) => `\\x${octet.toString(16).padStart(2, '0')}`
  const isPlain = (octet: number) => octet >= 0x20 && octet < 0x7f && octet !== 0x22 && octet !== 0x5c
  return `"${[...octets].map((octet) => (isPlain(octet) ? String.fromCharCode(octet) : escaped(octet))).join('')}"`
}
