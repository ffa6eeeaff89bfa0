/** How a field represents a message: as the message, or as a plain value that stands for it. */
import type { DescField } from '@bufbuild/protobuf'
import type { Struct } from '@bufbuild/protobuf/wkt'
import { isJson, isUnwrapped } from '../create/member-plan.ts'
import { jsonOf, structOf } from './struct-json.ts'
import type { Fields, FindReader, TypeReader } from './type-reader.ts'

/** Converts between the value of a field and the message that the field's octets are read into. */
export interface MessageValue {
  /** Whether the value is the message. The functions are for other values. */
  readonly isMessage: boolean
  /** Returns a message with what the field has already, if it is set. */
  readonly open: (value: unknown) => Fields
  readonly close: (message: Fields) => unknown
}

/** A field of a message type: singular, in a oneof, a list or a map. */
export type MessageField = DescField & { readonly message: NonNullable<DescField['message']> }

/** Returns the representation of a field. */
export function messageValueOf(field: MessageField, find: FindReader): MessageValue {
  if (isJson(field)) return JSON_OBJECT
  const type = find(field.message)
  if (isUnwrapped(field)) return wrapperValue(type)
  return {
    isMessage: true,
    open: (value) => (value === undefined ? new type.Message() : (value as Fields)),
    close: (value) => value,
  }
}

const JSON_OBJECT: MessageValue = Object.freeze({
  isMessage: false,
  open: (json: unknown) => structOf(json) as unknown as Fields,
  close: (message: Fields) => jsonOf(message as unknown as Struct),
})

function wrapperValue(type: TypeReader): MessageValue {
  return {
    isMessage: false,
    open(value) {
      const wrapper = new type.Message()
      if (value !== undefined) wrapper.value = value
      return wrapper
    },
    close: ({ value }) => value,
  }
}
