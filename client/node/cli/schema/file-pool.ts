/** The file descriptors of a command, from all sources. */
import type { FileRegistry } from '@bufbuild/protobuf'
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'
import { InputError } from '../terminal/program-errors.ts'
import { fileRegistryOf, missingTypeNames } from './file-registry.ts'

/** Bounds imports, which a hostile server may name without end. No API has so many files. */
const MAX_FILES = 10_000

/** Collects files from all sources of a command, so that one registry holds all types. */
export class FilePool {
  readonly #files = new Map<string, FileDescriptorProto>()
  #registry: FileRegistry | undefined

  /**
   * Adds a file. The first file of a name is kept, unless it was an empty placeholder.
   *
   * @throws InputError for too many files
   */
  add(file: FileDescriptorProto): void {
    const known = this.#files.get(file.name)
    if (known !== undefined && !isPlaceholder(known)) return
    if (this.#files.size >= MAX_FILES) throw new InputError(`the server names more than ${MAX_FILES} files`)
    this.#files.set(file.name, file)
    this.#registry = undefined
  }

  has(name: string): boolean {
    return this.#files.has(name)
  }

  /** In insertion order; includes files added during the iteration. */
  files(): Iterable<FileDescriptorProto> {
    return this.#files.values()
  }

  /** The full names of types that are used but not declared. */
  missingTypes(): string[] {
    return missingTypeNames(this.#files)
  }

  /**
   * A registry of all files; a new object after files were added.
   *
   * @throws InputError saying which descriptor is wrong
   */
  get registry(): FileRegistry {
    this.#registry ??= fileRegistryOf(this.#files)
    return this.#registry
  }
}

function isPlaceholder({ messageType, enumType, service, extension }: FileDescriptorProto): boolean {
  return [messageType, enumType, service, extension].every(({ length }) => length === 0)
}
