/** Builds a registry from file descriptors in any order, with placeholders for missing types. */
import { create, createFileRegistry, type FileRegistry } from '@bufbuild/protobuf'
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt'
import { InputError } from '../terminal/program-errors.ts'
import { declaredTypes, type NamedType, namedTypes } from './file-parts.ts'
import { standIn } from './stand-in.ts'

/** Many servers do not include these files in reflection, and no server may change them. */
const WELL_KNOWN = [
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
].map(({ proto }) => proto)

type Files = ReadonlyMap<string, FileDescriptorProto>

/**
 * Builds a registry. Types that no file declares get a placeholder ({@link standIn}), so that only they are unusable; imports that no
 * type comes from may be missing.
 *
 * @param files by their names, in any order
 * @throws InputError saying which descriptor is wrong
 */
export function fileRegistryOf(files: Files): FileRegistry {
  const complete = withWellKnown(files)
  const declaring = declaringFiles(complete)
  for (const missing of missingTypes(complete.values(), declaring)) {
    const file = standIn(missing)
    complete.set(file.name, file)
    declaring.set(missing.name, file)
  }
  const file = inOrder(complete, declaring)
  try {
    return createFileRegistry(create(FileDescriptorSetSchema, { file }))
  } catch (cause) {
    const reason = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : ''
    throw new InputError(`invalid descriptors${reason}`, { cause })
  }
}

/** Returns the names of types that are used but not declared. The well-known types are never missing. */
export function missingTypeNames(files: Files): string[] {
  const complete = withWellKnown(files)
  return [...missingTypes(complete.values(), declaringFiles(complete))].map(({ name }) => name)
}

function withWellKnown(files: Files): Map<string, FileDescriptorProto> {
  const complete = new Map(files)
  const declaring = declaringFiles(files)
  for (const file of WELL_KNOWN) {
    const [first = ''] = declaredTypes(file)
    if (!declaring.has(first)) complete.set(file.name, file)
  }
  return complete
}

function declaringFiles(files: Files): Map<string, FileDescriptorProto> {
  const declaring = new Map<string, FileDescriptorProto>()
  for (const file of files.values()) for (const name of declaredTypes(file)) declaring.set(name, file)
  return declaring
}

function missingTypes(files: Iterable<FileDescriptorProto>, declaring: Files): Iterable<NamedType> {
  const missing = new Map<string, NamedType>()
  for (const file of files) {
    for (const type of namedTypes(file)) if (!declaring.has(type.name)) missing.set(type.name, type)
  }
  return missing.values()
}

/**
 * Sorts the files so that each follows those that declare its types, whatever its imports say. Uses a stack instead of recursion,
 * because the server decides how long a chain of files is.
 */
function inOrder(files: Files, declaring: Files): FileDescriptorProto[] {
  const ordered = new Map<FileDescriptorProto, readonly FileDescriptorProto[]>()
  const entered = new Set<FileDescriptorProto>()
  for (const root of files.values()) {
    const stack = [root]
    for (let file = stack.at(-1); file !== undefined; file = stack.at(-1)) {
      const needed = entered.has(file) ? [] : [...neededFiles(file, declaring)].filter((other) => !entered.has(other))
      stack.push(...needed)
      if (needed.length === 0) {
        stack.pop()
        if (!ordered.has(file)) ordered.set(file, completed(file, ordered, declaring))
      }
      entered.add(file)
    }
  }
  return [...ordered.values()].flat()
}

function neededFiles(file: FileDescriptorProto, declaring: Files): Set<FileDescriptorProto> {
  const needed = new Set<FileDescriptorProto>()
  for (const { name } of namedTypes(file)) {
    const other = declaring.get(name)
    if (other !== undefined && other !== file) needed.add(other)
  }
  return needed
}

/** Returns the file with exact imports, preceded by placeholders for types of files in an import cycle. */
function completed(
  file: FileDescriptorProto,
  earlier: ReadonlyMap<FileDescriptorProto, unknown>,
  declaring: Files,
): FileDescriptorProto[] {
  const dependency = new Set<string>()
  const standIns = new Map<string, FileDescriptorProto>()
  for (const type of namedTypes(file)) {
    const other = declaring.get(type.name)
    if (other === undefined || other === file) continue
    if (earlier.has(other)) dependency.add(other.name)
    else standIns.set(type.name, standIn(type))
  }
  const imports = { dependency: [...dependency], publicDependency: [], weakDependency: [] }
  return [...standIns.values(), Object.assign(create(FileDescriptorProtoSchema), file, imports)]
}
