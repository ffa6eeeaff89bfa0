/** Placeholders for types whose declarations are missing, so that the types that use them stay usable. */
import { create, type DescFile, type DescMessage, type FileRegistry } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import type { NamedType } from './file-parts.ts'

/** No real file can have this prefix: protoc rejects such names. */
const PREFIX = '<missing> '

/**
 * Returns a file that declares an empty type of that name: all fields of the message are unknown fields, and all values of the enum
 * except 0 are numbers. Neither loses data.
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

/** Whether a type is a placeholder. */
export function isStandIn({ file }: Pick<DescMessage, 'file'>): boolean {
  return isStandInFile(file)
}

/** Whether a file was made by {@link standIn}. */
export function isStandInFile({ proto }: Pick<DescFile, 'proto'>): boolean {
  return proto.name.startsWith(PREFIX)
}

/** Whether a registry contains placeholders. */
export function hasStandIns({ files }: Pick<FileRegistry, 'files'>): boolean {
  for (const file of files) if (isStandInFile(file)) return true
  return false
}
