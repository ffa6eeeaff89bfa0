/** Walks the parts of a file descriptor that declare or name types. */
import type {
  DescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
  MethodDescriptorProto,
} from '@bufbuild/protobuf/wkt'

/** The full names of the messages and enums that a file declares, nested ones included. */
export function* declaredTypes(file: FileDescriptorProto): Generator<string, void> {
  for (const { name } of file.enumType) yield qualified(file.package, name)
  for (const [name, message] of messagesOf(file)) {
    yield name
    for (const nested of message.enumType) yield qualified(name, nested.name)
  }
}

/** All fields of a file: of its messages, and its extensions. */
export function* fieldsOf(file: FileDescriptorProto): Generator<FieldDescriptorProto, void> {
  yield* file.extension
  for (const [, message] of messagesOf(file)) {
    yield* message.field
    yield* message.extension
  }
}

/** All methods of a file. */
export function methodsOf(file: FileDescriptorProto): MethodDescriptorProto[] {
  return file.service.flatMap((service) => service.method)
}

/** The types that a file uses, wherever they are declared. May repeat names. */
export function* namedTypes(file: FileDescriptorProto): Generator<NamedType, void> {
  for (const field of fieldsOf(file)) {
    if (field.extendee !== '') yield { name: bareName(field.extendee), isEnum: false }
    if (field.typeName !== '') yield { name: bareName(field.typeName), isEnum: field.type === ENUM }
  }
  for (const { inputType, outputType } of methodsOf(file)) {
    yield { name: bareName(inputType), isEnum: false }
    yield { name: bareName(outputType), isEnum: false }
  }
}

/** A type that a field, an extension or a method uses. */
export interface NamedType {
  /** The full name, without the leading dot of descriptors. */
  readonly name: string
  /** True for an enum, false for a message. */
  readonly isEnum: boolean
}

/** `google.protobuf.FieldDescriptorProto.Type.TYPE_ENUM` */
const ENUM = 14

/** Removes the leading dot that type names have in descriptors but not in registries. */
export function bareName(typeName: string): string {
  return typeName.startsWith('.') ? typeName.slice(1) : typeName
}

function* messagesOf(file: FileDescriptorProto): Generator<readonly [name: string, DescriptorProto], void> {
  for (const message of file.messageType) yield* withNested(qualified(file.package, message.name), message)
}

function* withNested(
  name: string,
  message: DescriptorProto,
): Generator<readonly [name: string, DescriptorProto], void> {
  yield [name, message]
  for (const nested of message.nestedType) yield* withNested(qualified(name, nested.name), nested)
}

function qualified(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`
}
