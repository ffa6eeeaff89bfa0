/** Descriptors from the server itself, by gRPC server reflection. */
import { type FileRegistry, fromBinary } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import {
  ServerReflection as V1,
  type ServerReflectionResponse as V1Response,
} from '../../../../gen/grpc/reflection/v1/reflection_pb.js'
import {
  ServerReflection as V1Alpha,
  type ServerReflectionResponse as V1AlphaResponse,
} from '../../../../gen/grpc/reflection/v1alpha/reflection_pb.js'
import { createClient } from '../../create-client.ts'
import type { ClientTransport } from '../../transport.ts'
import { InputError } from '../terminal/input-error.ts'
import { fileRegistryOf } from './file-registry.ts'
import type { SchemaSource } from './schema-source.ts'

type Version = typeof V1 | typeof V1Alpha

type Question =
  | { case: 'listServices'; value: string }
  | { case: 'fileContainingSymbol'; value: string }
  | { case: 'fileByFilename'; value: string }

type Answer = V1Response['messageResponse'] | V1AlphaResponse['messageResponse']

/** A server may name imports without end: no API has so many files. */
const MAX_FILES = 10_000

/**
 * Asks a server for its descriptors.
 *
 * @param transport speaks HTTP/2, as reflection is a bidirectional stream; closed with the source
 * @param signal cancels the question under way
 */
export function openReflection(transport: ClientTransport, signal: AbortSignal): SchemaSource {
  const reflection = new Reflection(transport, signal)
  return {
    listServices: () => reflection.listServices(),
    load: (symbol) => reflection.load(symbol),
    close: () => transport.close(),
  }
}

class Reflection {
  readonly #transport: ClientTransport
  readonly #signal: AbortSignal
  /** v1 until the server turns out not to have it. */
  #version: Version = V1

  constructor(transport: ClientTransport, signal: AbortSignal) {
    this.#transport = transport
    this.#signal = signal
  }

  async listServices(): Promise<string[]> {
    const answer = await this.#ask({ case: 'listServices', value: '*' })
    if (answer.case === 'errorResponse') throw toConnectError(answer.value)
    if (answer.case !== 'listServicesResponse') throw unexpected(answer.case)
    return answer.value.service.map(({ name }) => name).sort()
  }

  async load(symbol: string): Promise<FileRegistry | undefined> {
    const files = new Map<string, FileDescriptorProto>()
    if (!(await this.#addFiles({ case: 'fileContainingSymbol', value: symbol }, files))) return undefined
    // A map that grows while it is walked is walked to its end.
    for (const file of files.values()) await this.#addImports(file, files)
    return fileRegistryOf(files)
  }

  async #addImports(importer: FileDescriptorProto, files: Map<string, FileDescriptorProto>): Promise<void> {
    for (const name of importer.dependency) {
      if (files.has(name)) continue
      if (files.size >= MAX_FILES) throw new InputError(`the server names more than ${MAX_FILES} files`)
      await this.#addFiles({ case: 'fileByFilename', value: name }, files)
      if (!files.has(name)) throw new InputError(`the server does not show ${name}, which ${importer.name} imports`)
    }
  }

  /** Whether the server knows what it was asked for. */
  async #addFiles(question: Question, files: Map<string, FileDescriptorProto>): Promise<boolean> {
    const answer = await this.#ask(question)
    if (answer.case === 'errorResponse' && answer.value.errorCode === Code.NotFound) return false
    if (answer.case === 'errorResponse') throw toConnectError(answer.value)
    if (answer.case !== 'fileDescriptorResponse') throw unexpected(answer.case)
    for (const bytes of answer.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes)
      files.set(file.name, file)
    }
    return true
  }

  async #ask(question: Question): Promise<Answer> {
    try {
      return await this.#askVersion(question)
    } catch (error) {
      if (!isUnimplemented(error)) throw error
      if (this.#version === V1Alpha) throw new InputError(NO_REFLECTION, { cause: error })
      this.#version = V1Alpha
      return await this.#ask(question)
    }
  }

  /** A stream a question: nothing stays open in between, and a proxy may send each to another server. */
  async #askVersion(messageRequest: Question): Promise<Answer> {
    const options = { signal: this.#signal }
    const answers =
      this.#version === V1
        ? createClient(V1, this.#transport).serverReflectionInfo(once({ messageRequest }), options)
        : createClient(V1Alpha, this.#transport).serverReflectionInfo(once({ messageRequest }), options)
    for await (const { messageResponse } of answers) return messageResponse
    throw new ConnectError('the server ended reflection without an answer', Code.Internal)
  }
}

const NO_REFLECTION = 'the server has no reflection: give its API with --proto or --descriptors'

function isUnimplemented(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Unimplemented
}

function toConnectError({ errorCode, errorMessage }: { errorCode: number; errorMessage: string }): ConnectError {
  const code: Code = errorCode in Code ? errorCode : Code.Unknown
  return new ConnectError(errorMessage, code)
}

function unexpected(answer: string | undefined): ConnectError {
  return new ConnectError(`the server's reflection answered with ${answer ?? 'nothing'}`, Code.Internal)
}

async function* once<T>(message: T): AsyncGenerator<T, void> {
  yield message
}
