/** Reflection as servers in other languages implement it: with gaps, without JSON names, file by file. */
import { clone, toBinary } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect'
import { fieldsOf } from '../../client/node/cli/schema/file-parts.ts'
import { ServerReflection as V1 } from '../../gen/grpc/reflection/v1/reflection_pb.js'
import type { ServerReflection as V1Alpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js'

/** How the server responds. */
export interface ForeignReflection {
  readonly files: readonly FileDescriptorProto[]
  /** Default: v1. */
  readonly version?: typeof V1 | typeof V1Alpha
  /** The response to a request for a file. Default: that file alone, as grpc-java and grpcio partly do. */
  readonly answer?: (file: FileDescriptorProto, files: readonly FileDescriptorProto[]) => readonly FileDescriptorProto[]
  /** Names of files and symbols that the server hides. */
  readonly hidden?: readonly string[]
  /** The call fails instead of returning an error response. */
  readonly failsCalls?: boolean
}

/** Adds reflection to a server, and returns the recorded requests. */
export function serveForeignReflection(router: ConnectRouter, options: ForeignReflection): string[] {
  const { version = V1, hidden = [], answer = (file) => [file], failsCalls = false } = options
  const files = options.files.map(withoutJsonNames)
  const asked: string[] = []
  const find = (what: string, isIt: (file: FileDescriptorProto) => boolean): FileDescriptorProto | undefined => {
    asked.push(what)
    return hidden.includes(what) ? undefined : files.find(isIt)
  }
  // Both versions have the same messages, under different names.
  router.service(version as typeof V1, {
    async *serverReflectionInfo(requests) {
      for await (const { messageRequest } of requests) {
        if (messageRequest.case === 'listServices') yield { messageResponse: servicesOf(files) }
        const file = fileFor(messageRequest, find)
        if (file !== undefined) {
          const fileDescriptorProto = answer(file, files).map((each) => toBinary(FileDescriptorProtoSchema, each))
          yield { messageResponse: { case: 'fileDescriptorResponse', value: { fileDescriptorProto } } }
        } else if (messageRequest.case !== 'listServices') {
          if (failsCalls) throw new ConnectError('no such thing', Code.Unknown)
          const value = { errorCode: Code.NotFound, errorMessage: 'no such thing' }
          yield { messageResponse: { case: 'errorResponse', value } }
        }
      }
    },
  })
  return asked
}

type Question = { readonly case: string | undefined; readonly value?: unknown }
type Find = (what: string, isIt: (file: FileDescriptorProto) => boolean) => FileDescriptorProto | undefined

function fileFor({ case: kind, value }: Question, find: Find): FileDescriptorProto | undefined {
  if (kind === 'fileByFilename') return find(String(value), ({ name }) => name === value)
  if (kind === 'fileContainingSymbol') return find(String(value), (file) => declares(file, String(value)))
  if (kind !== 'fileContainingExtension' || typeof value !== 'object' || value === null) return undefined
  const { containingType, extensionNumber } = value as { containingType: string; extensionNumber: number }
  return find(`${containingType} ${extensionNumber}`, ({ extension }) =>
    extension.some(({ extendee, number }) => extendee === `.${containingType}` && number === extensionNumber),
  )
}

function declares(file: FileDescriptorProto, symbol: string): boolean {
  const declared = [...file.messageType, ...file.enumType, ...file.service, ...file.extension]
  return declared.some(({ name }) => `${file.package}.${name}` === symbol)
}

function servicesOf(files: readonly FileDescriptorProto[]) {
  const service = files.flatMap((file) => file.service.map(({ name }) => ({ name: `${file.package}.${name}` })))
  return { case: 'listServicesResponse', value: { service } } as const
}

function withoutJsonNames(file: FileDescriptorProto): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, file)
  for (const field of fieldsOf(copy)) field.jsonName = ''
  return copy
}
