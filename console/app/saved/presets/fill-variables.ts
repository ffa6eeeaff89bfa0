/** Fills `{{name}}` with the values of variables. Names that no variable has stay as they are: they may be meant for the server. */
import { type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf'
import { isReflectMessage, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect'
import type { Fields } from '../../contracts/live-call.ts'
import type { SavedCall } from '../../contracts/saved-call.ts'
import type { Variable } from './environments.ts'

const REFERENCE = /\{\{\s*([\w.-]+)\s*\}\}/g

/** Fills a text. */
export function fillText(text: string, variables: readonly Variable[]): string {
  return text.replace(REFERENCE, (reference, name) => variables.find((each) => each.name === name)?.value ?? reference)
}

/** Fills the values of headers. */
export function fillFields(fields: Fields, variables: readonly Variable[]): Fields {
  return fields.map(([name, value]) => [name, fillText(value, variables)] as const)
}

/** Returns the message with all of its texts filled: keys and values of maps, and parts of parts, too. */
export function fillMessage(schema: DescMessage, message: Message, variables: readonly Variable[]): Message {
  if (variables.length === 0) return message
  const copy = fromBinary(schema, toBinary(schema, message))
  fillReflected(reflect(schema, copy), variables)
  return copy
}

/**
 * Fills a call for others to run. References to secrets stay: a header with one becomes a secret as a whole, so that snippets read it from
 * the environment.
 */
export function fillSaved(saved: SavedCall, variables: readonly Variable[]): SavedCall {
  if (variables.length === 0) return saved
  const open = variables.filter(({ isSecret }) => !isSecret)
  const secret = variables.filter(({ isSecret }) => isSecret)
  const inJson = open.map((each) => ({ ...each, value: JSON.stringify(each.value).slice(1, -1) }))
  return {
    ...saved,
    headers: saved.headers.map(({ name, value }) => {
      const hasSecret = fillText(value, secret) !== value
      return { name, value: hasSecret ? '' : fillText(value, open) }
    }),
    messages: saved.messages.map((text) => fillText(text, inJson)),
  }
}

function fillReflected(message: ReflectMessage, variables: readonly Variable[]): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue
    if (field.fieldKind === 'scalar') {
      const value = message.get(field)
      if (typeof value === 'string') message.set(field, fillText(value, variables))
    } else if (field.fieldKind === 'message') {
      const part = message.get(field)
      fillReflected(part, variables)
      // Of wrappers and structs, a message holds the value alone.
      message.set(field, part)
    } else if (field.fieldKind === 'list') {
      const list = message.get(field)
      for (const [index, value] of [...list].entries()) list.set(index, filled(value, variables) as never)
    } else if (field.fieldKind === 'map') {
      const map = message.get(field)
      const entries = [...map]
      map.clear()
      for (const [key, value] of entries) {
        map.set(typeof key === 'string' ? fillText(key, variables) : key, filled(value, variables) as never)
      }
    }
  }
}

function filled(value: unknown, variables: readonly Variable[]): unknown {
  if (typeof value === 'string') return fillText(value, variables)
  if (isReflectMessage(value)) fillReflected(value, variables)
  return value
}
