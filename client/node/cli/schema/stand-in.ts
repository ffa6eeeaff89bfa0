/** Stands in for a type whose declaration is missing, so that the types that use it stay usable. */
import { create, type DescFile, type DescMessage, type FileRegistry } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import type { NamedType } from './file-parts.ts'

/** No file of a server can have it: protoc takes no such name. */
const PREFIX = '<missing> '

/**
 * A file that declares a type of that name with nothing in it: all fields of the message are unknown ones, and all values
 * of the enum but 0 are numbers. Neither loses what is received.
 */
export function standIn({ name, isEnum }: NamedType): FileDescriptorProto {
  const dot = name.lastIndexOf('.')
  const declaration = isEnum
    ? { enumType: [{ name: name.slice(dot + 1), value: [{ name: 'UNKNOWN', number: 0 }] }] }
    : { messageType: [{ name: name.slice(dot + 1) }] }
  return create(FileDescriptorProtoSchema, {
    name: `${PREFIX}${name}`,
    package: name.slice(0, Math.max(dot, 0)),
    syntax: 'proto3',
    ...declaration,
  })
}

/** Whether a type only stands in for one that is missing. */
export function isStandIn({ file }: Pick<DescMessage, 'file'>): boolean {
  return isStandInFile(file)
}

/** Whether a file was made by {@link standIn}. */
export function isStandInFile({ proto }: Pick<DescFile, 'proto'>): boolean {
  return proto.name.startsWith(PREFIX)
}

/** Whether any type of a registry only stands in for one that is missing. */
export function hasStandIns({ files }: Pick<FileRegistry, 'files'>): boolean {
  for (const file of files) if (isStandInFile(file)) return true
  return false
}
