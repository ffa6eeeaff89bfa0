/** Loads descriptors from the server by gRPC server reflection. */

import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import type { FilePool } from './file-pool.ts'
import { decodeFile } from './read-descriptors.ts'
import type { Answer, Question, ReflectionClient } from './reflection-client.ts'
import type { SchemaSource } from './schema.ts'

/** Rounds of requests for types that are used but not declared yet. */
const MAX_ROUNDS = 10

/** The number of such types to request, in all. */
const MAX_MISSING_TYPES = 200

/** Adds a server's descriptors to a pool. Some may be missing; see `fileRegistryOf`. */
export class Reflection implements SchemaSource {
  readonly #client: ReflectionClient
  readonly #pool: FilePool
  /** Names that the server was asked for. */
  readonly #absent = new Set<string>()
  readonly #imported = new Set<FileDescriptorProto>()

  constructor(client: ReflectionClient, pool: FilePool) {
    this.#client = client
    this.#pool = pool
  }

  /** @throws ConnectError if the server answers with an error */
  async listServices(): Promise<string[]> {
    const answer = await this.#client.ask({ case: 'listServices', value: '*' })
    if (answer.case === 'errorResponse') throw failure(answer.value)
    if (answer.case !== 'listServicesResponse') throw unexpected(answer.case)
    return [...new Set(answer.value.service.map(({ name }) => name))].sort()
  }

  /**
   * @throws ConnectError if the call fails, or the server answers with an error other than NOT_FOUND
   * @throws InputError for an invalid answer
   */
  async load(symbol: string): Promise<boolean> {
    const answer = await this.#askFor(symbol)
    if (answer.case === 'errorResponse' && answer.value.errorCode === Code.NotFound) return false
    if (answer.case === 'errorResponse') throw failure(answer.value, symbol)
    this.#add(answer, symbol)
    await this.#addWhatIsNeeded()
    return this.#pool.registry.get(symbol) !== undefined
  }

  async #askFor(symbol: string): Promise<Answer> {
    try {
      return await this.#client.ask({ case: 'fileContainingSymbol', value: symbol })
    } catch (error) {
      if (!(error instanceof ConnectError) || !MEANS_NOT_SHOWN.includes(error.code)) throw error
      throw failure({ errorCode: error.code, errorMessage: error.rawMessage }, symbol)
    }
  }

  async loadExtension(containingType: string, extensionNumber: number): Promise<boolean> {
    const what = `extension ${extensionNumber} of ${containingType}`
    const value = { containingType, extensionNumber }
    if (!(await this.#addIfShown({ case: 'fileContainingExtension', value }, what))) return false
    await this.#addWhatIsNeeded()
    const { registry } = this.#pool
    const extendee = registry.getMessage(containingType)
    return extendee !== undefined && registry.getExtensionFor(extendee, extensionNumber) !== undefined
  }

  /** Adds the imports of all files, then types that are still missing: servers may know a file by another name than its importers. */
  async #addWhatIsNeeded(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      await this.#addImports()
      const missing = this.#pool.missingTypes().filter((name) => !this.#absent.has(name))
      if (missing.length === 0) return
      for (const name of missing.slice(0, MAX_MISSING_TYPES)) {
        this.#absent.add(name)
        await this.#addIfShown({ case: 'fileContainingSymbol', value: name }, name)
      }
    }
  }

  async #addImports(): Promise<void> {
    for (const file of this.#pool.files()) {
      if (this.#imported.has(file)) continue
      this.#imported.add(file)
      for (const name of file.dependency) {
        if (this.#pool.has(name) || this.#absent.has(name)) continue
        this.#absent.add(name)
        await this.#addIfShown({ case: 'fileByFilename', value: name }, name)
      }
    }
  }

  /** Requests something optional. @returns whether the server had it */
  async #addIfShown(question: Question, what: string): Promise<boolean> {
    try {
      const answer = await this.#client.ask(question)
      if (answer.case === 'errorResponse') return false
      this.#add(answer, what)
      return true
    } catch (error) {
      if (error instanceof ConnectError && MEANS_NOT_SHOWN.includes(error.code)) return false
      throw error
    }
  }

  #add(answer: Answer, what: string): void {
    if (answer.case !== 'fileDescriptorResponse') throw unexpected(answer.case)
    for (const bytes of answer.value.fileDescriptorProto) this.#pool.add(decodeFile(bytes, what))
  }
}

/** Codes of calls that mean "not found": some servers fail the call where they should answer with an error. */
const MEANS_NOT_SHOWN = [Code.NotFound, Code.Unknown, Code.Internal, Code.InvalidArgument, Code.FailedPrecondition]

/** @param symbol the symbol that was requested, if any */
function failure({ errorCode, errorMessage }: { errorCode: number; errorMessage: string }, symbol = ''): ConnectError {
  const code: Code = errorCode in Code ? errorCode : Code.Unknown
  return new ConnectError(symbol === '' ? errorMessage : `${errorMessage}, when asked for ${symbol}`, code)
}

function unexpected(answer: string | undefined): ConnectError {
  return new ConnectError(`the server's reflection answered with ${answer ?? 'nothing'}`, Code.Internal)
}
