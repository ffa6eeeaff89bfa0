/** Messages as JSON: what a person types, and what is printed. */
import {
  type DescMessage,
  type JsonWriteOptions,
  type Message,
  type MessageShape,
  type Registry,
  toJson,
} from '@bufbuild/protobuf'
import { messageFromJson } from '../../../../wire/json/message-from-json.ts'
import { clipSentence } from '../../../../wire/text/clip-text.ts'
import { InputError } from '../terminal/input-error.ts'

/**
 * Reads a message.
 *
 * @param place what to call the text in a complaint, as `line 3`
 * @throws InputError naming the field that is wrong
 */
export function parseMessage<Schema extends DescMessage>(
  schema: Schema,
  text: string,
  { place, registry }: { readonly place: string; readonly registry: Registry },
): MessageShape<Schema> {
  try {
    return messageFromJson(schema, text, { registry })
  } catch (cause) {
    throw new InputError(`${place}: ${clipSentence(cause instanceof Error ? cause.message : 'no JSON')}`, { cause })
  }
}

/** How a message is written. */
export interface FormatOptions extends Pick<Partial<JsonWriteOptions>, 'alwaysEmitImplicit' | 'registry'> {
  /** Over several lines, for people. */
  readonly isPretty: boolean
}

/**
 * Writes a message.
 *
 * @throws InputError when it holds a google.protobuf.Any of a type that the schema does not have
 */
export function formatMessage(schema: DescMessage, message: Message, { isPretty, ...options }: FormatOptions): string {
  try {
    return JSON.stringify(toJson(schema, message, options), null, isPretty ? 2 : 0)
  } catch (cause) {
    throw new InputError(cause instanceof Error ? cause.message : 'the message has no JSON form', { cause })
  }
}
