/** Finds the descriptors that a server shows: by file, by symbol and by extension. */
import {
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  type Registry,
  toBinary,
} from '@bufbuild/protobuf'
import { nestedTypes } from '@bufbuild/protobuf/reflect'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'

type DescType = DescMessage | DescEnum | DescExtension | DescService

/**
 * Holds the files that declare the given services, the other files given, and everything these import, and nothing else. Built once; what
 * it answers never changes. If two files have one name, or two declare one symbol, the one that is found first counts.
 */
export class DescriptorIndex {
  /** The full names of the given services, sorted, each once. */
  readonly serviceNames: readonly string[]
  readonly #files = new Map<string, DescFile>()
  readonly #symbols = new Map<string, DescFile>()
  /** By the name of the extended message and the field number; every message has an entry. */
  readonly #extensions = new Map<string, Map<number, DescFile>>()
  readonly #serialized = new Map<DescFile, Uint8Array>()

  constructor(services: readonly DescService[], others: readonly DescFile[] = []) {
    this.serviceNames = [...new Set(services.map((service) => service.typeName))].sort()
    for (const file of withImports([...services.map((service) => service.file), ...others])) this.#addFile(file)
  }

  /** The file of that name, with its `.proto` ending. */
  findFile(name: string): DescFile | undefined {
    return this.#files.get(name)
  }

  /**
   * The file that declares a symbol, which is named in full and without a leading dot: a message, enum, service,
   * method, field, oneof, enum value or extension.
   */
  findSymbol(name: string): DescFile | undefined {
    return this.#symbols.get(name)
  }

  /** The file that declares the extension of that message, named in full, with that field number. */
  findExtension(messageName: string, fieldNumber: number): DescFile | undefined {
    return this.#extensions.get(messageName)?.get(fieldNumber)
  }

  /** The field numbers of all extensions of a message, ascending. Undefined for an unknown message. */
  extensionNumbers(messageName: string): number[] | undefined {
    const extensions = this.#extensions.get(messageName)
    return extensions && [...extensions.keys()].sort((a, b) => a - b)
  }

  /** The file as a serialized google.protobuf.FileDescriptorProto. Made once; not to be written to. */
  serialize(file: DescFile): Uint8Array {
    const cached = this.#serialized.get(file)
    if (cached !== undefined) return cached
    const bytes = toBinary(FileDescriptorProtoSchema, file.proto)
    this.#serialized.set(file, bytes)
    return bytes
  }

  #addFile(file: DescFile): void {
    setIfAbsent(this.#files, file.proto.name, file)
    for (const type of nestedTypes(file)) {
      for (const symbol of symbolsOf(type)) setIfAbsent(this.#symbols, symbol, file)
      if (type.kind === 'message') this.#extensionsOf(type.typeName)
      if (type.kind === 'extension') setIfAbsent(this.#extensionsOf(type.extendee.typeName), type.number, file)
    }
  }

  #extensionsOf(messageName: string): Map<number, DescFile> {
    const extensions = this.#extensions.get(messageName) ?? new Map<number, DescFile>()
    this.#extensions.set(messageName, extensions)
    return extensions
  }
}

/** The given files and then all that they import, breadth first, each once. */
export function* withImports(roots: readonly DescFile[]): Generator<DescFile, void> {
  const found = new Set(roots)
  for (const file of found) {
    yield file
    for (const imported of file.dependencies) found.add(imported)
  }
}

function* symbolsOf(type: DescType): Generator<string, void> {
  yield type.typeName
  if (type.kind === 'message') {
    for (const member of [...type.fields, ...type.oneofs]) yield `${type.typeName}.${member.name}`
  }
  if (type.kind === 'service') {
    for (const method of type.methods) yield `${type.typeName}.${method.name}`
  }
  if (type.kind === 'enum') {
    // The values of an enum are siblings of the enum, not its children.
    const scope = type.typeName.slice(0, -type.name.length)
    for (const value of type.values) yield scope + value.name
  }
}

function setIfAbsent<Key>(map: Map<Key, DescFile>, key: Key, file: DescFile): void {
  if (!map.has(key)) map.set(key, file)
}

/** Filled before the first question; the index is built when that comes. */
export class ReflectedTypes {
  readonly #services: DescService[] = []
  readonly #files: DescFile[] = []
  #index: DescriptorIndex | null = null

  /** Lists the services, and shows their files. Those of a registry are shown too, and their services are not listed. */
  add(services: readonly DescService[], registry?: Registry): void {
    this.#services.push(...services)
    for (const type of registry ?? []) this.#files.push(type.file)
    this.#index = null
  }

  get index(): DescriptorIndex {
    this.#index ??= new DescriptorIndex(this.#services, this.#files)
    return this.#index
  }
}
