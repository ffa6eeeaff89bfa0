/** Finds the descriptors that a server shows, by file, symbol and extension. */
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
import type { HandlerContext } from '@connectrpc/connect'

type DescType = DescMessage | DescEnum | DescExtension | DescService

/**
 * Contains the files of the given services, the other given files, and everything that these import. Immutable. If two
 * files have the same name, or declare the same symbol, the first one counts.
 */
export class DescriptorIndex {
  /** The full names of the given services, sorted, without duplicates. */
  readonly serviceNames: readonly string[]
  readonly #files = new Map<string, DescFile>()
  readonly #symbols = new Map<string, DescFile>()
  /** By the extended message and the field number. Every message has an entry. */
  readonly #extensions = new Map<string, Map<number, DescFile>>()
  readonly #serialized = new Map<DescFile, Uint8Array>()

  constructor(services: readonly DescService[], others: readonly DescFile[] = []) {
    this.serviceNames = [...new Set(services.map((service) => service.typeName))].sort()
    for (const file of withImports([...services.map((service) => service.file), ...others])) this.#addFile(file)
  }

  /** Returns the file with this name, including `.proto`. */
  findFile(name: string): DescFile | undefined {
    return this.#files.get(name)
  }

  /**
   * Returns the file that declares a symbol: a message, enum, service, method, field, oneof, enum value or extension.
   * The name is the full one, without a leading dot.
   */
  findSymbol(name: string): DescFile | undefined {
    return this.#symbols.get(name)
  }

  /** Returns the file that declares an extension, by the full name of the extended message and the field number. */
  findExtension(messageName: string, fieldNumber: number): DescFile | undefined {
    return this.#extensions.get(messageName)?.get(fieldNumber)
  }

  /** Returns the field numbers of all extensions of a message, ascending; undefined for an unknown message. */
  extensionNumbers(messageName: string): number[] | undefined {
    const extensions = this.#extensions.get(messageName)
    return extensions && [...extensions.keys()].sort((a, b) => a - b)
  }

  /** Returns the file as a serialized google.protobuf.FileDescriptorProto. Cached; must not be modified. */
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

/** Yields the given files and everything they import, breadth first, without duplicates. */
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
    // Enum values are siblings of their enum, not its children.
    const scope = type.typeName.slice(0, -type.name.length)
    for (const value of type.values) yield scope + value.name
  }
}

function setIfAbsent<Key>(map: Map<Key, DescFile>, key: Key, file: DescFile): void {
  if (!map.has(key)) map.set(key, file)
}

/** Services that only some callers see. */
export interface RestrictedServices {
  readonly services: readonly DescService[]
  /** Whether the caller of reflection sees them. */
  isVisibleTo(context: HandlerContext): boolean | Promise<boolean>
}

/** An error of the authorization refuses, as it would for a call. */
async function isVisible(restricted: RestrictedServices, context: HandlerContext): Promise<boolean> {
  try {
    return (await restricted.isVisibleTo(context)) === true
  } catch {
    return false
  }
}

/** What a caller sees. The same object for all who see the same, until more is added. */
export interface VisibleTypes {
  readonly services: readonly DescService[]
  /** Files besides those of the services. */
  readonly files: readonly DescFile[]
}

/**
 * What reflection shows, for one plugin or for several on a port. Filled before the first request, which builds the
 * index.
 */
export class ReflectedTypes {
  readonly #services: DescService[] = []
  readonly #files: DescFile[] = []
  readonly #restricted: RestrictedServices[] = []
  /** By the sets of restricted services that they include. */
  readonly #visible = new Map<string, VisibleTypes>()
  readonly #indexes = new WeakMap<VisibleTypes, DescriptorIndex>()

  /**
   * Adds services to be listed, with their files. The files of a registry are shown, but its services are not listed.
   */
  add(services: readonly DescService[], registry?: Registry): void {
    this.#services.push(...services)
    for (const type of registry ?? []) this.#files.push(type.file)
    this.#visible.clear()
  }

  /** Adds services that only some callers see. */
  addRestricted(restricted: RestrictedServices): void {
    this.#restricted.push(restricted)
    this.#visible.clear()
  }

  /** Returns what a caller sees. */
  async visibleTo(context: HandlerContext): Promise<VisibleTypes> {
    const seen: RestrictedServices[] = []
    for (const restricted of this.#restricted) {
      if (await isVisible(restricted, context)) seen.push(restricted)
    }
    const key = seen.map((restricted) => this.#restricted.indexOf(restricted)).join()
    const services = [...this.#services, ...seen.flatMap((restricted) => restricted.services)]
    const visible = this.#visible.get(key) ?? { services, files: [...this.#files] }
    this.#visible.set(key, visible)
    return visible
  }

  /** Returns the index of what a caller sees. */
  async indexFor(context: HandlerContext): Promise<DescriptorIndex> {
    const visible = await this.visibleTo(context)
    const index = this.#indexes.get(visible) ?? new DescriptorIndex(visible.services, visible.files)
    this.#indexes.set(visible, index)
    return index
  }
}
