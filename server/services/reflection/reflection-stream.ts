/** Answers the requests of one reflection stream, in both versions of the protocol. */
import type { DescFile } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { ServerReflectionRequest as V1Request } from '../../../gen/grpc/reflection/v1/reflection_pb.js'
import type { ServerReflectionRequest as V1AlphaRequest } from '../../../gen/grpc/reflection/v1alpha/reflection_pb.js'
import { type DescriptorIndex, withImports } from './descriptor-index.ts'

/** A request in either version. Both have the same fields in different packages. */
export type ReflectionRequest = V1Request | V1AlphaRequest

/** The `message_response` of a ServerReflectionResponse in either version. */
export type ReflectionAnswer =
  | { readonly case: 'fileDescriptorResponse'; readonly value: { fileDescriptorProto: Uint8Array[] } }
  | {
      readonly case: 'allExtensionNumbersResponse'
      readonly value: { baseTypeName: string; extensionNumber: number[] }
    }
  | { readonly case: 'listServicesResponse'; readonly value: { service: { name: string }[] } }
  | { readonly case: 'errorResponse'; readonly value: { errorCode: number; errorMessage: string } }

/** The longest name that an error message repeats, in characters. The response also echoes the whole request. */
const MAX_REPEATED_NAME_LENGTH = 200

/** Created for each stream. Remembers which files the client has. */
export class ReflectionStream {
  readonly #index: DescriptorIndex
  readonly #maxResponseBytes: number
  readonly #sent = new Set<DescFile>()

  constructor(index: DescriptorIndex, maxResponseBytes: number) {
    this.#index = index
    this.#maxResponseBytes = maxResponseBytes
  }

  /**
   * Returns the answer to a request. Something unknown is an error response, and the stream goes on.
   *
   * @throws ConnectError INVALID_ARGUMENT for a request that asks for nothing, which ends the stream
   */
  answer({ messageRequest }: ReflectionRequest): ReflectionAnswer {
    switch (messageRequest.case) {
      case 'fileByFilename':
        return this.#answerFile(this.#index.findFile(messageRequest.value), `file ${clip(messageRequest.value)}`)
      case 'fileContainingSymbol':
        return this.#answerFile(this.#index.findSymbol(messageRequest.value), `symbol ${clip(messageRequest.value)}`)
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = messageRequest.value
        const file = this.#index.findExtension(containingType, extensionNumber)
        return this.#answerFile(file, `extension ${extensionNumber} of ${clip(containingType)}`)
      }
      case 'allExtensionNumbersOfType':
        return this.#answerExtensionNumbers(messageRequest.value)
      case 'listServices':
        return { case: 'listServicesResponse', value: { service: this.#index.serviceNames.map((name) => ({ name })) } }
      case undefined:
        throw new ConnectError('message_request is not set', Code.InvalidArgument)
    }
  }

  /**
   * Returns the file, even if the client has it, and its imports, breadth first, without those that the client has.
   * Imports that would exceed the size limit are left out, as a client can request them by name.
   */
  #answerFile(root: DescFile | undefined, what: string): ReflectionAnswer {
    if (root === undefined) return notFound(what)
    const files: Uint8Array[] = []
    let size = 0
    for (const file of withImports([root])) {
      if (file !== root && this.#sent.has(file)) continue
      const bytes = this.#index.serialize(file)
      size += bytes.length
      if (size > this.#maxResponseBytes) break
      files.push(bytes)
      this.#sent.add(file)
    }
    if (files.length === 0) return errorAnswer(Code.ResourceExhausted, `${what} is larger than an answer may be`)
    return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: files } }
  }

  #answerExtensionNumbers(messageName: string): ReflectionAnswer {
    const extensionNumber = this.#index.extensionNumbers(messageName)
    if (extensionNumber === undefined) return notFound(`message ${clip(messageName)}`)
    return { case: 'allExtensionNumbersResponse', value: { baseTypeName: messageName, extensionNumber } }
  }
}

function notFound(what: string): ReflectionAnswer {
  return errorAnswer(Code.NotFound, `${what} not found`)
}

function errorAnswer(errorCode: Code, errorMessage: string): ReflectionAnswer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } }
}

function clip(name: string): string {
  return name.length > MAX_REPEATED_NAME_LENGTH ? `${name.slice(0, MAX_REPEATED_NAME_LENGTH)}...` : name
}
