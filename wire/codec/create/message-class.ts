/** Compiles constructors of messages. */
import type { DescMessage, Message } from '@bufbuild/protobuf'
import { FunctionSource, literal, ownPropertyOf, propertyOf } from '../function-source.ts'
import { convertList, convertMap, keep, octetsOf } from './conversions.ts'
import { type Conversion, createPlan, type MemberPlan } from './member-plan.ts'

/** The constructor of a message type. Its objects have the prototype and the own keys of those that `create` returns. */
export type MessageConstructor = new (init?: object) => Message

/** The functions of one message type. */
export interface MessageClass {
  /** Makes a message from an object, or the zero message from `undefined`. */
  readonly Message: MessageConstructor
  /** Does what `create` does. */
  readonly create: (init?: object | null) => Message
  /** Makes a message of an object that is not of this type, and returns any other value as it is. */
  readonly convert: (value: unknown) => unknown
}

/** Finds the class of another type: an object whose `convert` compiles that class when it is first called. */
export type ClassFinder = (desc: DescMessage) => Pick<MessageClass, 'convert'>

/** Compiles the class of a type. */
export function compileClass(desc: DescMessage, find: ClassFinder): MessageClass {
  const source = new FunctionSource()
  const { prototype, members } = createPlan(desc)
  const typeName = literal(desc.typeName)
  const code = new MemberCode(source, find)
  source.add(
    'function Message(init) {',
    `this.$typeName = ${typeName}`,
    'if (init === undefined) {',
    ...members.flatMap((member) => code.zero(member)),
    'return',
    '}',
    'let value',
    ...members.flatMap((member) => code.init(member)),
    '}',
    // One constructor makes all messages of a type, of both kinds of prototype: V8 gives them the same shapes.
    `Message.prototype = ${source.bind(prototype)}`,
    'function create(init) {',
    'if (init === undefined || init === null) return new Message(undefined)',
    `return typeof init === 'object' && init.$typeName === ${typeName} ? init : new Message(init)`,
    '}',
    'function convert(value) {',
    `return typeof value !== 'object' || value === null || value.$typeName === ${typeName} || Array.isArray(value)`,
    '? value : new Message(value)',
    '}',
    'return { Message, create, convert }',
  )
  return source.compile<() => MessageClass>('', `class_${desc.typeName}`)()
}

/** Writes the code that sets members. */
class MemberCode {
  readonly #source: FunctionSource
  readonly #find: ClassFinder

  constructor(source: FunctionSource, find: ClassFinder) {
    this.#source = source
    this.#find = find
  }

  /** Sets a member of the zero message. */
  zero(member: MemberPlan): string[] {
    const target = propertyOf('this', member.name)
    switch (member.kind) {
      case 'constant':
        return [`${target} = ${this.#constant(member.constant)}`]
      case 'optional':
        return []
      case 'list':
        return [`${target} = []`]
      case 'map':
        return [`${target} = {}`]
      case 'oneof':
        return [`${target} = { case: undefined }`]
    }
  }

  /** Sets a member from the property of the same name. `null` counts as not given. */
  init(member: MemberPlan): string[] {
    const target = propertyOf('this', member.name)
    // Though protobuf-es takes what every object inherits, such as `hasOwnProperty`, that is not given.
    const read = `value = ${ownPropertyOf('init', member.name)}`
    switch (member.kind) {
      case 'constant': {
        const given = this.#convert(member.conversion, 'value')
        return [read, `${target} = value != null ? ${given} : ${this.#constant(member.constant)}`]
      }
      case 'optional':
        return [read, `if (value != null) ${target} = ${this.#convert(member.conversion, 'value')}`]
      case 'list':
        if (member.elements === 'whole') return [read, `${target} = value ?? []`]
        return [read, `${target} = ${this.#source.bind(convertList)}(value, ${this.#converter(member.elements)})`]
      case 'map':
        if (member.elements === 'whole') return [read, `${target} = value ?? {}`]
        return [read, `${target} = ${this.#source.bind(convertMap)}(value, ${this.#converter(member.elements)})`]
      case 'oneof':
        return [read, ...this.#initOneof(target, member.cases)]
    }
  }

  #initOneof(target: string, cases: ReadonlyMap<string, Conversion>): string[] {
    const choices = [...cases].flatMap(([name, conversion]) => [
      `case ${literal(name)}:`,
      `${target} = { case: value.case, value: ${this.#convert(conversion, 'value.value')} }`,
      'break',
    ])
    return ['switch (value?.case) {', ...choices, 'default:', `${target} = { case: undefined }`, '}']
  }

  #constant(value: unknown): string {
    if (typeof value === 'string') return literal(value)
    if (typeof value === 'bigint') return `${value}n`
    // String(-0) is '0'.
    if (Object.is(value, -0)) return '-0'
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : this.#source.bind(value)
  }

  /** Returns an expression: the converted value of another one. */
  #convert(conversion: Conversion, value: string): string {
    return conversion === 'keep' ? value : `${this.#converter(conversion)}(${value})`
  }

  /** Returns an expression: a function of one value. The converter of a type changes when its class is compiled. */
  #converter(conversion: Conversion): string {
    if (conversion === 'keep') return this.#source.bind(keep)
    if (conversion === 'octets') return this.#source.bind(octetsOf)
    return `${this.#source.bind(this.#find(conversion))}.convert`
  }
}
