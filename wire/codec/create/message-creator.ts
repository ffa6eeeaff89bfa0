/** Creates messages of one type from what handlers and callers pass. */
import { create, type DescMessage, type Message, type MessageInitShape } from '@bufbuild/protobuf'
import type { CodecKind } from '../codec-settings.ts'

/** Creates messages of one type, as `create` does: a message of the type is returned as it is. */
export type MessageCreator = (init?: MessageInitShape<DescMessage>) => Message

/** Returns the creator of a type. The same one for each call with the same arguments. */
export function messageCreator(desc: DescMessage, _kind: CodecKind): MessageCreator {
  return (init) => create(desc, init) as Message
}
