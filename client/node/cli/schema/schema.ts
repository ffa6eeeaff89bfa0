/** The API of a server, as far as files and the server's reflection show it. */
import type { DescEnum, DescExtension, DescMessage, DescService, FileRegistry } from '@bufbuild/protobuf'
import { ConnectError } from '@connectrpc/connect'
import { InputError } from '../terminal/program-errors.ts'
import type { FilePool } from './file-pool.ts'
import { isStandIn } from './stand-in.ts'

/** A descriptor that has a full name. */
export type DescType = DescMessage | DescEnum | DescExtension | DescService

/** A source of descriptors. It takes one request at a time. */
export interface SchemaSource {
  /** The full names of all services, sorted. */
  listServices(): Promise<readonly string[]>
  /**
   * Adds the file that declares a symbol to the pool, and the files that it needs as far as the source has them.
   *
   * @param symbol the full name of a service, message, enum or extension
   * @returns whether the pool has the symbol now
   */
  load(symbol: string): Promise<boolean>
  /** Does the same for the extension of a message, by its number. */
  loadExtension(extendee: string, number: number): Promise<boolean>
}

/** The parts of a schema. */
export interface SchemaParts {
  /** Holds the files of the command line, if any. */
  readonly pool: FilePool
  /** The server, which adds to the pool. */
  readonly reflection: SchemaSource
  /** The files contain the API; the server's reflection is optional and only adds what they lack. */
  readonly hasFiles: boolean
}

/** Looks up descriptors. It takes one request at a time. */
export class Schema {
  readonly #parts: SchemaParts
  /** Set once reflection has failed and the files must suffice. */
  #hasFailed = false

  constructor(parts: SchemaParts) {
    this.#parts = parts
  }

  /** All descriptors loaded so far. */
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
   * Finds a symbol by its full name, and loads what it needs.
   *
   * @returns undefined if no source has it
   */
  async find(symbol: string): Promise<DescType | undefined> {
    const known = this.#known(symbol)
    if (known !== undefined) return known
    const isLoaded = await this.#ask((reflection) => reflection.load(symbol))
    return isLoaded ? this.#known(symbol) : undefined
  }

  /** Loads the extension of a message. @returns whether there is one */
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
