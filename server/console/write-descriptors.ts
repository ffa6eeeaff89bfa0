/** Writes descriptors, with their comments, as a google.protobuf.FileDescriptorSet. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { create, type DescFile, type DescMessage, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type ServiceDescriptorProto,
  ServiceDescriptorProtoSchema,
  type SourceCodeInfo_Location,
  SourceCodeInfo_LocationSchema,
  SourceCodeInfoSchema,
} from '@bufbuild/protobuf/wkt'
import { declarationsOf } from '../openapi/comments/comments-of.ts'
import { withServices } from './with-services.ts'

/** The texts of comments, by the full names of what they describe. */
export type CommentTexts = ReadonlyMap<string, string>

/** How long descriptors are worked on before other work has a turn, in milliseconds. */
const TURN_MS = 5

/** How many methods, or comments, are encoded at once. */
const CHUNK = 100

/** Encodings of a message in parts: its fields may be in any order, and the elements of a list may be apart. */
type Parts = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** What is written. */
export interface ShownFiles {
  readonly files: Iterable<DescFile>
  /** The full names of the services that are shown. */
  readonly services: ReadonlySet<string>
  /** Added to files that have none of their own. */
  readonly comments: CommentTexts
}

/** Encodes the files in parts, and lets calls run in between. */
export async function writeDescriptors({ files, services, comments }: ShownFiles): Promise<Uint8Array> {
  const written: Uint8Array[] = []
  for (const { proto } of importsFirst(files)) {
    const parts = partsOfFile(withServices(proto, services), comments)
    written.push(...(await encodeField(FileDescriptorSetSchema.field.file.number, parts)))
  }
  return Buffer.concat(written)
}

/** Readers expect the files that a file imports before it. Of two with one name only the first is in the set. */
function importsFirst(files: Iterable<DescFile>): Set<DescFile> {
  const byName = new Map<string, DescFile>()
  for (const file of files) if (!byName.has(file.proto.name)) byName.set(file.proto.name, file)
  const ordered = new Set<DescFile>()
  const add = (file: DescFile) => {
    if (ordered.has(file)) return
    for (const { proto } of file.dependencies) {
      const imported = byName.get(proto.name)
      if (imported !== undefined) add(imported)
    }
    ordered.add(file)
  }
  for (const file of byName.values()) add(file)
  return ordered
}

async function* partsOfFile(proto: FileDescriptorProto, comments: CommentTexts): AsyncGenerator<Uint8Array, void> {
  const { messageType, service: services, sourceCodeInfo, ...others } = proto
  const { service, sourceCodeInfo: sourceInfo } = FileDescriptorProtoSchema.field
  yield encode(FileDescriptorProtoSchema, others)
  for (const message of messageType) yield encode(FileDescriptorProtoSchema, { messageType: [message] })
  for (const each of services) yield* await encodeField(service.number, partsOfService(each))
  const locations = sourceCodeInfo?.location ?? locationsOf(proto, comments)
  if (locations.length > 0) yield* await encodeField(sourceInfo.number, partsOfLocations(locations))
}

function* partsOfService({ method: methods, ...others }: ServiceDescriptorProto): Generator<Uint8Array, void> {
  yield encode(ServiceDescriptorProtoSchema, others)
  for (const method of chunksOf(methods)) yield encode(ServiceDescriptorProtoSchema, { method })
}

function* partsOfLocations(locations: readonly SourceCodeInfo_Location[]): Generator<Uint8Array, void> {
  for (const location of chunksOf(locations)) yield encode(SourceCodeInfoSchema, { location })
}

/** The comments of a file as its source info, of which nothing else is known. */
function locationsOf(proto: FileDescriptorProto, comments: CommentTexts): SourceCodeInfo_Location[] {
  if (comments.size === 0) return []
  const locations: SourceCodeInfo_Location[] = []
  for (const { name, path } of declarationsOf(proto)) {
    const text = comments.get(name)
    if (text === undefined) continue
    // As compilers write them: each line follows its `//`, and a span has at least three numbers.
    const leadingComments = `${text.replaceAll(/^(?=.)/gm, ' ')}\n`
    const parts = { path: path.split('.').map(Number), span: [0, 0, 0], leadingComments }
    locations.push(create(SourceCodeInfo_LocationSchema, parts))
  }
  return locations
}

/** Collects the parts of a message that is a field of another one, behind its tag and its length. */
async function encodeField(number: number, parts: Parts): Promise<readonly Uint8Array[]> {
  const collected: Uint8Array[] = []
  let bytes = 0
  let startedAtMs = performance.now()
  for await (const part of parts) {
    collected.push(part)
    bytes += part.byteLength
    if (performance.now() - startedAtMs < TURN_MS) continue
    await nextTurn()
    startedAtMs = performance.now()
  }
  return [new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(bytes).finish(), ...collected]
}

/** Encodes some fields of a message. Unknown ones are kept, as those of options that this process has no code for. */
function encode(schema: DescMessage, fields: object): Uint8Array {
  const message = create(schema)
  for (const [name, value] of Object.entries(fields)) Reflect.set(message, name, value)
  return toBinary(schema, message)
}

function chunksOf<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = []
  for (let at = 0; at < items.length; at += CHUNK) chunks.push(items.slice(at, at + CHUNK))
  return chunks
}
