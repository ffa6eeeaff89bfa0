/** Reading messages whose type only the descriptors know. */
import { isReflectList, isReflectMessage, type ReflectMessage } from '@bufbuild/protobuf/reflect'

/** Returns the value of a field by its name; undefined if it is not set, or the message has no such field. */
export function fieldOf(message: ReflectMessage | undefined, name: string): unknown {
  const field = message?.fields.find((each) => each.name === name)
  return message === undefined || field === undefined || !message.isSet(field) ? undefined : message.get(field)
}

/** Returns the text of a field; empty if there is none. */
export function textOf(message: ReflectMessage | undefined, name: string): string {
  const value = fieldOf(message, name)
  return typeof value === 'string' ? value : ''
}

/** Returns a message of a field. */
export function messageOf(message: ReflectMessage | undefined, name: string): ReflectMessage | undefined {
  const value = fieldOf(message, name)
  return isReflectMessage(value) ? value : undefined
}

/** Returns the elements of a repeated field. */
export function listOf(message: ReflectMessage | undefined, name: string): unknown[] {
  const value = fieldOf(message, name)
  return isReflectList(value) ? [...value] : []
}
