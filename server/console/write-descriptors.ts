/** Writes descriptors, with their comments, as a google.protobuf.FileDescriptorSet. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MessageInitShape } from '@bufbuild/protobuf'
import { create, type DescFile, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { FileDescriptorProtoSchema, type SourceCodeInfo_LocationSchema } from '@bufbuild/protobuf/wkt'
import { declarationsOf } from '../openapi/comments/comments-of.ts'

/** The texts of comments, by the full names of what they describe. */
export type CommentTexts = ReadonlyMap<string, string>

/** The number of the field `file` of FileDescriptorSet. */
const FILE_FIELD = 1

/** How long the event loop works on descriptors before other work has a turn, in milliseconds. */
const TURN_MS = 5

/** Encodes the files one by one, and lets calls run in between. Comments are added to files that have none of their own. */
export async function writeDescriptors(files: Iterable<DescFile>, comments: CommentTexts): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let startedAtMs = performance.now()
  for (const { proto } of importsFirst(files)) {
    const file: Uint8Array[] = [toBinary(FileDescriptorProtoSchema, proto)]
    // Fields of one message may be anywhere in its encoding.
    if (proto.sourceCodeInfo === undefined) file.push(sourceInfoOf(proto, comments))
    const bytes = file.reduce((sum, { byteLength }) => sum + byteLength, 0)
    parts.push(new BinaryWriter().tag(FILE_FIELD, WireType.LengthDelimited).uint32(bytes).finish(), ...file)
    if (performance.now() - startedAtMs < TURN_MS) continue
    await nextTurn()
    startedAtMs = performance.now()
  }
  return Buffer.concat(parts)
}

/** Readers expect the files that a file imports before it. Of two with one name only the first is in the set. */
function importsFirst(files: Iterable<DescFile>): Set<DescFile> {
  const byName = new Map(Array.from(files, (file) => [file.proto.name, file]))
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

/** Encodes the comments of a file as its source info, of which nothing else is known. */
function sourceInfoOf(proto: DescFile['proto'], comments: CommentTexts): Uint8Array {
  const location: MessageInitShape<typeof SourceCodeInfo_LocationSchema>[] = []
  for (const { name, path } of comments.size === 0 ? [] : declarationsOf(proto)) {
    const text = comments.get(name)
    if (text === undefined) continue
    // As compilers write them: each line follows its `//`, and a span has at least three numbers.
    const leadingComments = `${text.replaceAll(/^(?=.)/gm, ' ')}\n`
    location.push({ path: path.split('.').map(Number), span: [0, 0, 0], leadingComments })
  }
  if (location.length === 0) return new Uint8Array()
  return toBinary(FileDescriptorProtoSchema, create(FileDescriptorProtoSchema, { sourceCodeInfo: { location } }))
}
