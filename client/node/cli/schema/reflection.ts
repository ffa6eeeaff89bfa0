/** Descriptors from the server itself, by gRPC server reflection. */

import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import type { FilePool } from './file-pool.ts'
import { decodeFile } from './read-descriptors.ts'
import type { Answer, Question, ReflectionClient } from './reflection-client.ts'
import type { SchemaSource } from './schema.ts'

/** Rounds in which types are looked for that the files so far only name. */
const MAX_ROUNDS = 10

/** How many of them are asked for in all. */
const MAX_MISSING_TYPES = 200

/** Puts what a server shows into a pool. Gaps in it are left as gaps; see `fileRegistryOf`. */
export class Reflection implements SchemaSource {
  readonly #client: ReflectionClient
  readonly #pool: FilePool
  /** What the server was asked for without being found. */
  readonly #absent = new Set<string>()
  readonly #imported = new Set<FileDescriptorProto>()

  constructor(client: ReflectionClient, pool: FilePool) {
    this.#client = client
    this.#pool = pool
  }

  /** @throws ConnectError for what the server answers with */
  async listServices(): Promise<string[]> {
    const answer = await this.#client.ask({ case: 'listServices', value: '*' })
    if (answer.case === 'errorResponse') throw failure(answer.value)
    if (answer.case !== 'listServicesResponse') throw unexpected(answer.case)
    return [...new Set(answer.value.service.map(({ name }) => name))].sort()
  }

  /**
   * @throws ConnectError when the call fails, or the server answers with another error than that there is no such symbol
   * @throws InputError for an answer that cannot be used
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

  /** The imports of all files, then types that none of these declares: what a server calls a file may not be its name. */
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

  /** Asks for what can be done without. @returns whether the server showed something */
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

/** Some servers end the call where they should answer with an error. */
const MEANS_NOT_SHOWN = [Code.NotFound, Code.Unknown, Code.Internal, Code.InvalidArgument, Code.FailedPrecondition]

/** @param symbol what was asked for, if it was a symbol */
function failure({ errorCode, errorMessage }: { errorCode: number; errorMessage: string }, symbol = ''): ConnectError {
  const code: Code = errorCode in Code ? errorCode : Code.Unknown
  return new ConnectError(symbol === '' ? errorMessage : `${errorMessage}, when asked for ${symbol}`, code)
}

function unexpected(answer: string | undefined): ConnectError {
  return new ConnectError(`the server's reflection answered with ${answer ?? 'nothing'}`, Code.Internal)
}
