/** Makes descriptors usable: files in any order become one registry. */
import { create, createFileRegistry, type FileRegistry } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { InputError } from '../terminal/input-error.ts'

/**
 * Builds a registry.
 *
 * @param files by their names, in any order, with all that they import
 * @throws InputError naming an import that is missing, or saying that the descriptors are not sound
 */
export function fileRegistryOf(files: ReadonlyMap<string, FileDescriptorProto>): FileRegistry {
  const ordered = new Set<FileDescriptorProto>()
  for (const file of files.values()) addAfterImports(file, files, ordered)
  try {
    return createFileRegistry(create(FileDescriptorSetSchema, { file: [...ordered] }))
  } catch (cause) {
    throw new InputError('the descriptors are not sound', { cause })
  }
}

/** Walks with a stack of its own: how deep imports go is up to whoever made the descriptors. */
function addAfterImports(
  root: FileDescriptorProto,
  files: ReadonlyMap<string, FileDescriptorProto>,
  ordered: Set<FileDescriptorProto>,
): void {
  const entered = new Set<FileDescriptorProto>()
  const stack = [root]
  for (let file = stack.at(-1); file !== undefined; file = stack.at(-1)) {
    if (entered.has(file) || ordered.has(file)) {
      ordered.add(file)
      stack.pop()
      continue
    }
    entered.add(file)
    stack.push(...importsOf(file, files).filter((imported) => !ordered.has(imported) && !entered.has(imported)))
  }
}

function importsOf(file: FileDescriptorProto, files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  return file.dependency.map((name) => {
    const imported = files.get(name)
    if (imported === undefined) throw new InputError(`${name} is missing, which ${file.name} imports`)
    return imported
  })
}
