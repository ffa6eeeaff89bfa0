/** What a command knows of a server's API: from the files that it was given, and from the server. */
import type { DescEnum, DescExtension, DescMessage, DescService, FileRegistry } from '@bufbuild/protobuf'
import { ConnectError } from '@connectrpc/connect'
import { InputError } from '../terminal/program-errors.ts'
import type { FilePool } from './file-pool.ts'
import { isStandIn } from './stand-in.ts'

/** What can be looked up by its full name. */
export type DescType = DescMessage | DescEnum | DescExtension | DescService

/** A source of descriptors. Asked one question at a time. */
export interface SchemaSource {
  /** The full names of all services, sorted. */
  listServices(): Promise<readonly string[]>
  /**
   * Puts the file that declares a symbol into the pool, with what that file needs as far as the source has it.
   *
   * @param symbol the full name of a service, message, enum or extension
   * @returns whether the pool has the symbol now
   */
  load(symbol: string): Promise<boolean>
  /** The same for the extension of a message by its number. */
  loadExtension(extendee: string, number: number): Promise<boolean>
}

/** What a schema is made of. */
export interface SchemaParts {
  /** Has the files that the command was given, if any. */
  readonly pool: FilePool
  /** The server, which adds to the pool. */
  readonly reflection: SchemaSource
  /** The API is in the files, and the server is only asked for what they lack; it need not have reflection. */
  readonly hasFiles: boolean
}

/** Looked up one question at a time. */
export class Schema {
  readonly #parts: SchemaParts
  /** Set once the server turned out to be of no help beside files. */
  #hasFailed = false

  constructor(parts: SchemaParts) {
    this.#parts = parts
  }

  /** All that is known so far. */
  get registry(): FileRegistry {
    return this.#parts.pool.registry
  }

  /** The full names of all services, sorted. */
  async listServices(): Promise<readonly string[]> {
    if (!this.#parts.hasFiles) return await this.#parts.reflection.listServices()
    const services = [...this.registry].filter(({ kind }) => kind === 'service')
    return services.map(({ typeName }) => typeName).sort()
  }

  /**
   * Finds a symbol by its full name, and what it needs.
   *
   * @returns undefined when nobody knows it
   */
  async find(symbol: string): Promise<DescType | undefined> {
    const known = this.#known(symbol)
    if (known !== undefined) return known
    const isLoaded = await this.#ask((reflection) => reflection.load(symbol))
    return isLoaded ? this.#known(symbol) : undefined
  }

  /** Makes the extension of a message known. @returns whether there is one */
  async hasExtension(extendee: string, number: number): Promise<boolean> {
    return await this.#ask((reflection) => reflection.loadExtension(extendee, number))
  }

  #known(symbol: string): DescType | undefined {
    const type = this.registry.get(symbol)
    return type === undefined || isStandIn(type) ? undefined : type
  }

  async #ask(question: (reflection: SchemaSource) => Promise<boolean>): Promise<boolean> {
    if (!this.#parts.hasFiles) return await question(this.#parts.reflection)
    if (this.#hasFailed) return false
    try {
      return await question(this.#parts.reflection)
    } catch (error) {
      if (!(error instanceof ConnectError || error instanceof InputError)) throw error
      this.#hasFailed = true
      return false
    }
  }
}
