/** Makes the functions of a message type from closures: for types that are too wide for generated code, and where code may not be generated. */
import type { DescMessage, Message } from '@bufbuild/protobuf'
import { convertList, convertMap, keep, octetsOf } from './conversions.ts'
import { type Conversion, createPlan, type MemberPlan } from './member-plan.ts'
import type { ClassFinder, MessageClass, MessageConstructor } from './message-class.ts'

type Fields = Record<string, unknown>
type Convert = (value: unknown) => unknown

/** Makes the class of a type. */
export function closureClass(desc: DescMessage, find: ClassFinder): MessageClass {
  const { typeName } = desc
  const { prototype, members } = createPlan(desc)
  const isPlain = prototype === Object.prototype
  const names = members.map((member) => member.name)
  const values = members.map((member) => valueMaker(member, find))
  // As in generated code, what every object inherits is not given, such as `hasOwnProperty`.
  const isInherited = names.map((name) => name in Object.prototype)
  const fill = (init: Fields | undefined): Message => {
    const message: Fields = isPlain ? {} : Object.create(prototype)
    message['$typeName'] = typeName
    for (let i = 0; i < values.length; i++) {
      const name = names[i] as string
      const isThere = init !== undefined && (!isInherited[i] || Object.hasOwn(init, name))
      const value = (values[i] as Convert)(isThere ? init[name] : undefined)
      if (value !== undefined) message[name] = value
    }
    return message as unknown as Message
  }
  // A constructor that returns an object: `new` gives that object.
  function Constructor(init?: object) {
    return fill(init as Fields | undefined)
  }
  return {
    Message: Constructor as unknown as MessageConstructor,
    create: (init) => (isOfType(init, typeName) ? (init as Message) : fill((init ?? undefined) as Fields | undefined)),
    convert: (value) =>
      typeof value !== 'object' || value === null || Array.isArray(value) || isOfType(value, typeName)
        ? value
        : fill(value as Fields),
  }
}

function isOfType(value: unknown, typeName: string): boolean {
  return typeof value === 'object' && value !== null && (value as Partial<Message>).$typeName === typeName
}

/** Returns a function from what is given for a member to its value. `undefined`: it is not set. */
function valueMaker(member: MemberPlan, find: ClassFinder): Convert {
  switch (member.kind) {
    case 'constant': {
      const { constant } = member
      const convert = converterOf(member.conversion, find)
      return (given) => (isGiven(given) ? convert(given) : constant)
    }
    case 'optional': {
      const convert = converterOf(member.conversion, find)
      return (given) => (isGiven(given) ? convert(given) : undefined)
    }
    case 'list': {
      if (member.elements === 'whole') return (given) => given ?? []
      const convert = converterOf(member.elements, find)
      return (given) => convertList(given, convert)
    }
    case 'map': {
      if (member.elements === 'whole') return (given) => given ?? {}
      const convert = converterOf(member.elements, find)
      return (given) => convertMap(given, convert)
    }
    case 'oneof': {
      const cases = new Map([...member.cases].map(([name, conversion]) => [name, converterOf(conversion, find)]))
      return (given) => chosenCase(given as Chosen | undefined, cases)
    }
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** A oneof group as it is given. */
type Chosen = { readonly case?: string; readonly value?: unknown } | null

function chosenCase(given: Chosen | undefined, cases: ReadonlyMap<string, Convert>): object {
  const name = given?.case
  const convert = name === undefined ? undefined : cases.get(name)
  return convert === undefined ? { case: undefined } : { case: name, value: convert(given?.value) }
}

function converterOf(conversion: Conversion, find: ClassFinder): Convert {
  if (conversion === 'keep') return keep
  if (conversion === 'octets') return octetsOf
  const type = find(conversion)
  return (value) => type.convert(value)
}
