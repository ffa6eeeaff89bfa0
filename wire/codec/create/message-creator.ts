/** Creates messages of one type from what handlers and callers pass. */
import { create, type DescMessage, type Message, type MessageInitShape } from '@bufbuild/protobuf'
import { countCodec } from '../codec-counts.ts'
import type { CodecKind } from '../codec-settings.ts'
import { canGenerateCode } from '../function-source.ts'
import { compileClass, type MessageClass, type MessageConstructor } from './message-class.ts'

/** Creates messages of one type, as `create` does: a message of the type is returned as it is. */
export type MessageCreator = (init?: MessageInitShape<DescMessage>) => Message

/** V8 does not optimise very long functions, so wider types are left to protobuf-es. */
const MAX_MEMBERS = 200

/** A class that is replaced by the compiled one when it is first used, and the creator that callers keep. */
interface LazyClass extends MessageClass {
  Message: MessageConstructor
  create: MessageClass['create']
  convert: MessageClass['convert']
  readonly creator: MessageCreator
}

const classes = new WeakMap<DescMessage, LazyClass>()

const reflectiveCreators = new WeakMap<DescMessage, MessageCreator>()

/**
 * Returns the creator of a type. The same one for each call with the same arguments. It is compiled when it is first called.
 */
export function messageCreator(desc: DescMessage, kind: CodecKind): MessageCreator {
  if (kind === 'compiled') return findClass(desc).creator
  let creator = reflectiveCreators.get(desc)
  if (creator === undefined) {
    creator = (init) => create(desc, init) as Message
    reflectiveCreators.set(desc, creator)
  }
  return creator
}

/**
 * Returns the constructor of a type: `new Message()` is the zero message, as cheap as an object literal. Compiled on the first call.
 */
export function messageConstructor(desc: DescMessage): MessageConstructor {
  return classOf(desc).Message
}

/** Returns the class of a type, and compiles it on the first call. */
function classOf(desc: DescMessage): MessageClass {
  const known = findClass(desc)
  if (known.Message === NotCompiled) Object.assign(known, makeClass(desc))
  return known
}

class NotCompiled {
  readonly $typeName = ''
}

/** Returns the class of a type, which may not have been compiled yet: types refer to each other, and to themselves. */
function findClass(desc: DescMessage): LazyClass {
  const known = classes.get(desc)
  if (known !== undefined) return known
  const lazy: LazyClass = {
    Message: NotCompiled as MessageConstructor,
    create: (init) => classOf(desc).create(init),
    convert: (value) => classOf(desc).convert(value),
    creator: (init) => lazy.create(init),
  }
  classes.set(desc, lazy)
  return lazy
}

function makeClass(desc: DescMessage): MessageClass {
  if (!canGenerateCode()) return reflectiveClass(desc, 'code generation is not allowed')
  if (desc.members.length > MAX_MEMBERS) return reflectiveClass(desc, 'too many fields')
  countCodec('create', 'generated')
  return compileClass(desc, findClass)
}

/** The functions of a class by protobuf-es, whose `create` is made of closures itself. */
function reflectiveClass(desc: DescMessage, reason: string): MessageClass {
  countCodec('create', 'reflective', reason)
  const make = (init?: object | null) => create(desc, init as MessageInitShape<DescMessage>) as Message
  // A constructor that returns an object: `new` gives that object.
  function Constructor(init?: object) {
    return make(init)
  }
  const isOther = (value: unknown) => typeof value !== 'object' || value === null || Array.isArray(value)
  return {
    Message: Constructor as unknown as MessageConstructor,
    create: make,
    convert: (value) => (isOther(value) ? value : make(value as object)),
  }
}
