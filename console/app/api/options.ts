/** The options of declarations: those of `descriptor.proto`, and those that protos add, which the registry decodes. */
import {
  type DescExtension,
  type DescMessage,
  getExtension,
  isMessage,
  type Message,
  type Registry,
} from '@bufbuild/protobuf'
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect'
import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  FieldOptionsSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt'
import { messageText, valueText } from './text-format.ts'

/** A declaration that can have options. */
export interface Optioned {
  readonly proto: { readonly options?: Message | undefined }
}

/** An option that is set. */
export interface Option {
  /** As protos write it: `deprecated`, or `(google.api.http)`. */
  readonly name: string
  /** In the text format. */
  readonly value: string
}

const SCHEMAS: readonly DescMessage[] = [
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  FieldOptionsSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
]

/** Returns the options of a declaration, in the order of their numbers. */
export function optionsOf({ proto: { options } }: Optioned, registry: Registry): Option[] {
  if (options === undefined) return []
  const schema = SCHEMAS.find(({ typeName }) => typeName === options.$typeName)
  return [...(schema === undefined ? [] : knownOptions(reflect(schema, options))), ...customOptions(options, registry)]
}

function knownOptions(options: ReflectMessage): Option[] {
  const set = options.fields.filter((field) => options.isSet(field) && field.name !== 'uninterpreted_option')
  return set.map((field) => {
    const value: unknown = options.get(field)
    const values = field.fieldKind === 'list' && isIterable(value) ? [...value] : [value]
    return { name: field.name, value: values.map((each) => valueText(field, each)).join(', ') }
  })
}

function customOptions(options: Message, registry: Registry): Option[] {
  const numbers = [...new Set((options.$unknown ?? []).map(({ no }) => no))]
  return numbers.flatMap((number) => {
    const extension = extensionOf(options, number, registry)
    if (extension === undefined) return [{ name: `(${number})`, value: 'of an extension that the descriptors lack' }]
    const name = `(${extension.typeName})`
    return extensionTexts(options, extension).map((value) => ({ name, value }))
  })
}

function extensionOf(options: Message, number: number, registry: Registry): DescExtension | undefined {
  const schema = SCHEMAS.find(({ typeName }) => typeName === options.$typeName)
  return schema === undefined ? undefined : registry.getExtensionFor(schema, number)
}

/** One text for each value of a repeated extension. Options can hold octets that are no value of their type. */
function extensionTexts(options: Message, extension: DescExtension): string[] {
  try {
    const value: unknown = getExtension(options, extension)
    const values = extension.fieldKind === 'list' && isIterable(value) ? [...value] : [value]
    return values.map((each) => extensionText(extension, each))
  } catch (error) {
    return [`invalid: ${error instanceof Error ? error.message : String(error)}`]
  }
}

function extensionText(extension: DescExtension, value: unknown): string {
  const { message } = extension
  return message !== undefined && isMessage(value, message)
    ? messageText(reflect(message, value))
    : valueText(extension, value)
}

/** Returns the value of an option whose type is a message; undefined if it is not set, or invalid. */
export function optionMessage(
  { proto: { options } }: Optioned,
  extensionName: string,
  registry: Registry,
): ReflectMessage | undefined {
  const extension = registry.getExtension(extensionName)
  if (options === undefined || extension?.message === undefined) return undefined
  if (options.$unknown?.some(({ no }) => no === extension.number) !== true) return undefined
  try {
    const value: unknown = getExtension(options, extension)
    return isMessage(value, extension.message) ? reflect(extension.message, value) : undefined
  } catch {
    return undefined
  }
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}
