/** Declarations as protos write them. */
import {
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescOneof,
  type DescService,
  type Registry,
  ScalarType,
} from '@bufbuild/protobuf'
import { Edition, FieldDescriptorProto_Type } from '@bufbuild/protobuf/wkt'
import { type Commented, commentsOf } from './comments.ts'
import { ownJsonName } from './json-names.ts'
import { type Optioned, optionsOf } from './options.ts'
import { enumReservations, messageReservations } from './reservations.ts'
import { labelOf, mapTypeName, valueTypeName } from './type-names.ts'

/** Returns the text of a declaration. */
export function protoText(declaration: DescService | DescMessage | DescEnum, registry: Registry): string {
  const writer = new Writer(declaration.file, registry)
  if (declaration.kind === 'service') writer.service(declaration)
  else if (declaration.kind === 'message') writer.message(declaration)
  else writer.enum(declaration)
  return writer.lines.join('\n')
}

/** Writes lines, of one declaration inside of another. */
class Writer {
  readonly lines: string[] = []
  readonly #file: DescFile
  readonly #registry: Registry
  #indent = ''

  constructor(file: DescFile, registry: Registry) {
    this.#file = file
    this.#registry = registry
  }

  service(service: DescService): void {
    this.#block(service, `service ${service.name}`, () => {
      for (const method of service.methods) this.#method(method)
    })
  }

  #method(method: DescMethod): void {
    const stream = (isStream: boolean) => (isStream ? 'stream ' : '')
    const { clientStreaming, serverStreaming } = method.proto
    const input = `(${stream(clientStreaming)}${this.#relative(method.input.typeName)})`
    const output = `(${stream(serverStreaming)}${this.#relative(method.output.typeName)})`
    this.#block(method, `rpc ${method.name}${input} returns ${output}`, () => {}, ';')
  }

  message(message: DescMessage): void {
    this.#block(message, `message ${message.name}`, () => this.#members(message))
  }

  #members(message: DescMessage): void {
    for (const line of messageReservations(message)) this.#line(line)
    for (const nested of message.nestedEnums) this.enum(nested)
    const groups = new Set(message.fields.filter((field) => this.#isGroup(field)).map((field) => field.message))
    for (const nested of message.nestedMessages) if (!groups.has(nested)) this.message(nested)
    for (const member of message.members) {
      if (member.kind === 'field') this.#field(member)
      else this.#oneof(member)
    }
  }

  #oneof(oneof: DescOneof): void {
    this.#block(oneof, `oneof ${oneof.name}`, () => {
      for (const field of oneof.fields) this.#field(field)
    })
  }

  #field(field: DescField): void {
    this.#comment(field)
    const { message } = field
    if (message !== undefined && this.#isGroup(field)) {
      this.#line(`${this.#label(field)}group ${message.name} = ${field.number} {`)
      this.#indented(() => this.#members(message))
      this.#line('}')
      return
    }
    const value = field.scalar === undefined ? this.#relative(valueTypeName(field)) : valueTypeName(field)
    const type = field.fieldKind === 'map' ? mapTypeName(field, value) : `${this.#label(field)}${value}`
    this.#line(`${type} ${field.name} = ${field.number}${this.#inlineOptions(field, fieldOptions(field))};`)
  }

  /** Only proto2 has groups. Editions have a feature. */
  #isGroup(field: DescField): boolean {
    return this.#file.edition === Edition.EDITION_PROTO2 && field.proto.type === FieldDescriptorProto_Type.GROUP
  }

  /** In editions the presence of a field is a feature. */
  #label(field: DescField): string {
    const { edition } = this.#file
    const isEdition = edition !== Edition.EDITION_PROTO2 && edition !== Edition.EDITION_PROTO3
    const isPlain = field.fieldKind === 'message' && edition === Edition.EDITION_PROTO2 && field.oneof === undefined
    const label = isEdition && field.fieldKind !== 'list' ? '' : labelOf(field)
    if (label === '') return isPlain ? 'optional ' : ''
    return `${label} `
  }

  enum(declaration: DescEnum): void {
    this.#block(declaration, `enum ${declaration.name}`, () => {
      for (const line of enumReservations(declaration)) this.#line(line)
      for (const value of declaration.values) {
        this.#comment(value)
        this.#line(`${value.name} = ${value.number}${this.#inlineOptions(value)};`)
      }
    })
  }

  /** A comment, a head, and in braces options and members. */
  #block(declaration: Commented & Optioned, head: string, writeMembers: () => void, emptyEnd = ' {}'): void {
    this.#comment(declaration)
    const at = this.lines.length
    this.#indented(() => {
      for (const { name, value } of optionsOf(declaration, this.#registry)) {
        this.#line(`option ${name} = ${indentText(value, this.#indent)};`)
      }
      writeMembers()
    })
    const isEmpty = this.lines.length === at
    this.lines.splice(at, 0, `${this.#indent}${head}${isEmpty ? emptyEnd : ' {'}`)
    if (!isEmpty) this.#line('}')
  }

  #inlineOptions(declaration: Optioned, others: readonly string[] = []): string {
    const options = optionsOf(declaration, this.#registry)
    const texts = [...others, ...options.map(({ name, value }) => `${name} = ${indentText(value, this.#indent)}`)]
    return texts.length === 0 ? '' : ` [${texts.join(', ')}]`
  }

  #comment(declaration: Commented): void {
    const { leading, trailing } = commentsOf(this.#file, declaration)
    for (const text of [leading, trailing]) {
      if (text !== '') for (const line of text.replace(/\n$/, '').split('\n')) this.#line(`//${line}`)
    }
  }

  #indented(write: () => void): void {
    const before = this.#indent
    this.#indent = `${before}  `
    write()
    this.#indent = before
  }

  #line(text: string): void {
    this.lines.push(`${this.#indent}${text}`.trimEnd())
  }

  /** Names of the same package need no package. */
  #relative(name: string): string {
    const prefix = `${this.#file.proto.package}.`
    return prefix !== '.' && name.startsWith(prefix) ? name.slice(prefix.length) : name
  }
}

/** What is written like an option, but is part of the field. */
function fieldOptions(field: DescField): string[] {
  const jsonName = ownJsonName(field)
  const { defaultValue } = field.proto
  const texts = jsonName === '' ? [] : [`json_name = ${JSON.stringify(jsonName)}`]
  if (defaultValue === '') return texts
  // The descriptor of a bytes field has its default value with escapes.
  const isText = field.scalar === ScalarType.STRING
  const quoted = isText
    ? JSON.stringify(defaultValue)
    : field.scalar === ScalarType.BYTES
      ? `"${defaultValue}"`
      : defaultValue
  return [...texts, `default = ${quoted}`]
}

function indentText(text: string, indent: string): string {
  return text.replaceAll('\n', `\n${indent}`)
}
