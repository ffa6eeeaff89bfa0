/** Writes descriptors, with their comments, as a google.protobuf.FileDescriptorSet. */
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
import { Turns } from './turns.ts'
import { withServices } from './with-services.ts'

/** The texts of comments, by the full names of what they describe. */
export type CommentTexts = ReadonlyMap<string, string>

/** How many methods, or declarations with comments, are encoded at once. */
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
  const turns = new Turns()
  const written: Uint8Array[] = []
  for (const { proto } of importsFirst(files)) {
    const parts = partsOfFile(withServices(proto, services), comments, turns)
    written.push(...fieldOf(FileDescriptorSetSchema.field.file.number, await collect(parts, turns)))
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

async function* partsOfFile(
  proto: FileDescriptorProto,
  comments: CommentTexts,
  turns: Turns,
): AsyncGenerator<Uint8Array, void> {
  const { messageType, service: services, sourceCodeInfo, ...others } = proto
  const { service, sourceCodeInfo: sourceInfo } = FileDescriptorProtoSchema.field
  yield encode(FileDescriptorProtoSchema, others)
  for (const message of messageType) yield encode(FileDescriptorProtoSchema, { messageType: [message] })
  for (const each of services) yield* fieldOf(service.number, await collect(partsOfService(each), turns))
  const own = sourceCodeInfo && chunksOf(sourceCodeInfo.location)
  const locations = await collect(partsOfLocations(own ?? locationsOf(proto, comments)), turns)
  if (locations.bytes > 0) yield* fieldOf(sourceInfo.number, locations)
}

function* partsOfService({ method: methods, ...others }: ServiceDescriptorProto): Generator<Uint8Array, void> {
  yield encode(ServiceDescriptorProtoSchema, others)
  for (const method of chunksOf(methods)) yield encode(ServiceDescriptorProtoSchema, { method })
}

function* partsOfLocations(chunks: Iterable<SourceCodeInfo_Location[]>): Generator<Uint8Array, void> {
  for (const location of chunks) yield encode(SourceCodeInfoSchema, { location })
}

/** The comments of a file as its source info, of which nothing else is known. */
function* locationsOf(proto: FileDescriptorProto, comments: CommentTexts): Generator<SourceCodeInfo_Location[], void> {
  if (comments.size === 0) return
  for (const declarations of chunksOf(declarationsOf(proto))) {
    yield declarations.flatMap(({ name, path }) => {
      const text = comments.get(name)
      return text === undefined ? [] : [locationOf(path, text)]
    })
  }
}

/** As compilers write them: each line follows its `//`, and a span has at least three numbers. */
function locationOf(path: string, text: string): SourceCodeInfo_Location {
  const leadingComments = `${text.replaceAll(/^(?=.)/gm, ' ')}\n`
  return create(SourceCodeInfo_LocationSchema, { path: path.split('.').map(Number), span: [0, 0, 0], leadingComments })
}

/** The encoding of a message. */
interface Collected {
  readonly parts: readonly Uint8Array[]
  readonly bytes: number
}

async function collect(given: Parts, turns: Turns): Promise<Collected> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of given) {
    parts.push(part)
    bytes += part.byteLength
    if (turns.isOver) await turns.next()
  }
  return { parts, bytes }
}

/** A message that is a field of another one, behind its tag and its length. */
function fieldOf(number: number, { parts, bytes }: Collected): readonly Uint8Array[] {
  return [new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(bytes).finish(), ...parts]
}

/** Encodes some fields of a message. Unknown ones are kept, as those of options that this process has no code for. */
function encode(schema: DescMessage, fields: object): Uint8Array {
  const message = create(schema)
  for (const [name, value] of Object.entries(fields)) Reflect.set(message, name, value)
  return toBinary(schema, message)
}

function* chunksOf<T>(items: Iterable<T>): Generator<T[], void> {
  let chunk: T[] = []
  for (const item of items) {
    chunk.push(item)
    if (chunk.length < CHUNK) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
