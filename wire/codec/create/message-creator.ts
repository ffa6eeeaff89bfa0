/** Creates messages of one type from what handlers and callers pass. */
import { create, type DescMessage, type Message, type MessageInitShape } from '@bufbuild/protobuf'
import type { CodecKind } from '../codec-settings.ts'
import type { MessageConstructor } from './message-class.ts'
import { MessageClasses } from './message-classes.ts'

/** Creates messages of one type, as `create` does: a message of the type is returned as it is. */
export type MessageCreator = (init?: MessageInitShape<DescMessage>) => Message

const classes = new MessageClasses()

const reflectiveCreators = new WeakMap<DescMessage, MessageCreator>()

/**
 * Returns the creator of a type. The same one for each call with the same arguments. It is compiled when it is first called.
 */
export function messageCreator(desc: DescMessage, kind: CodecKind): MessageCreator {
  if (kind === 'compiled') return classes.find(desc).creator as MessageCreator
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
  return classes.get(desc).Message
}
