/** The file descriptors that a command has come by, from whatever sources. */
import type { FileRegistry } from '@bufbuild/protobuf'
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'
import { InputError } from '../terminal/program-errors.ts'
import { fileRegistryOf, missingTypeNames } from './file-registry.ts'

/** A server may name imports without end: no API has so many files. */
const MAX_FILES = 10_000

/** Grows as sources are asked. The sources of a command share one, so that all types are found in one registry. */
export class FilePool {
  readonly #files = new Map<string, FileDescriptorProto>()
  #registry: FileRegistry | undefined

  /**
   * Adds a file. The first of a name counts, unless it was a placeholder: a name and nothing in it.
   *
   * @throws InputError for more files than an API can have
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

  /** In the order in which they came; files that are added during the walk come, too. */
  files(): Iterable<FileDescriptorProto> {
    return this.#files.values()
  }

  /** The full names of types that files use and none declares. */
  missingTypes(): string[] {
    return missingTypeNames(this.#files)
  }

  /**
   * All files as they are now; another object after files were added.
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
