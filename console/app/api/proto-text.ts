/** Declarations as protos write them. */
import type {
  DescEnum,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescOneof,
  DescService,
  Registry,
} from '@bufbuild/protobuf'
import { type Commented, commentsOf } from './comments.ts'
import { type Option, type Optioned, optionsOf } from './options.ts'
import { fieldTypeName } from './type-names.ts'

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
    this.#block(method, `rpc ${method.name}${input} returns ${output}`, () => {})
  }

  message(message: DescMessage): void {
    this.#block(message, `message ${message.name}`, () => {
      for (const nested of message.nestedEnums) this.enum(nested)
      for (const nested of message.nestedMessages) this.message(nested)
      for (const member of message.members) {
        if (member.kind === 'field') this.#field(member)
        else this.#oneof(member)
      }
    })
  }

  #oneof(oneof: DescOneof): void {
    this.#block(oneof, `oneof ${oneof.name}`, () => {
      for (const field of oneof.fields) this.#field(field)
    })
  }

  #field(field: DescField): void {
    this.#comment(field)
    const type = fieldTypeName(field).replaceAll(/[\w.]+\.\w+/g, (name) => this.#relative(name))
    this.#line(`${type} ${field.name} = ${field.number}${this.#inlineOptions(field)};`)
  }

  enum(declaration: DescEnum): void {
    this.#block(declaration, `enum ${declaration.name}`, () => {
      for (const value of declaration.values) {
        this.#comment(value)
        this.#line(`${value.name} = ${value.number}${this.#inlineOptions(value)};`)
      }
    })
  }

  /** A comment, a head, and in braces options and members. Without these, a semicolon for methods. */
  #block(declaration: Commented & Optioned, head: string, writeMembers: () => void): void {
    this.#comment(declaration)
    const at = this.lines.length
    this.#indented(() => {
      for (const { name, value } of optionsOf(declaration, this.#registry)) {
        this.#line(`option ${name} = ${indentText(value, this.#indent)};`)
      }
      writeMembers()
    })
    const isEmpty = this.lines.length === at
    const end = head.startsWith('rpc ') ? ';' : ' {}'
    this.lines.splice(at, 0, `${this.#indent}${head}${isEmpty ? end : ' {'}`)
    if (!isEmpty) this.#line('}')
  }

  #inlineOptions(declaration: Optioned): string {
    const options: Option[] = optionsOf(declaration, this.#registry)
    if (options.length === 0) return ''
    return ` [${options.map(({ name, value }) => `${name} = ${indentText(value, this.#indent)}`).join(', ')}]`
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

function indentText(text: string, indent: string): string {
  return text.replaceAll('\n', `\n${indent}`)
}
