/** Decodes many short messages by one call of protobuf-es. */
import { Buffer } from 'node:buffer'
import {
  type BinaryReadOptions,
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  type Message,
} from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  StructSchema,
} from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { ENVELOPE_PREFIX_BYTES } from './envelope.ts'

/** Decodes a run: up to 128 plain messages in their envelopes, one right behind the other, each below 16 KiB. It is not kept. */
export type RunDecoder = (run: Uint8Array) => DecodedRun

/** The messages of a run, up to the first that is none. */
export interface DecodedRun {
  readonly messages: Message[]
  /** Why that is none. */
  readonly fault?: ConnectError
}

/** What decodes messages one by one. */
export interface SingleDecoder {
  readonly desc: DescMessage
  readonly options: Partial<BinaryReadOptions> | undefined
  /** @throws ConnectError */
  decode(data: Uint8Array): Message
}

/** Field 1, length-delimited. */
const MESSAGE_TAG = 0x0a
/** Field 2, a varint. */
const MARK_TAG = 0x10
const VARINT_MORE = 0x80
const RUN_PACKAGE = 'portico.wire'
const RUN_NAME = 'Run'
/** What protobuf-es allows where the options do not say. */
const RECURSION_LIMIT = 100

/**
 * For each call protobuf-es makes a reader, a view and a context, which costs more than the fields of a short message do. The
 * elements of a repeated field share them: a string of 11 bytes then takes 0.12 µs instead of 0.30. So a run is made such a field
 * where it lies: the prefix of an envelope has just the room for a mark, a tag, and a length of two octets.
 *
 * protobuf-es does not see an element that reads on beyond its end. Then the next mark is gone, and all are decoded one by one.
 *
 * Null for google.protobuf.Struct, whose elements protobuf-es turns into plain objects.
 */
export function createRunDecoder({ desc, options, decode }: SingleDecoder): RunDecoder | null {
  if (desc.typeName === StructSchema.typeName) return null
  // A run is a message around the messages.
  const runOptions = { ...options, recursionLimit: (options?.recursionLimit ?? RECURSION_LIMIT) + 1 }
  let runDesc: DescMessage | undefined
  return (bytes) => {
    // A copy: what is decoded may go on pointing at it.
    const run = Buffer.from(bytes)
    const count = markMessages(run)
    try {
      runDesc ??= describeRun(desc)
      const decoded = fromBinary(runDesc, run, runOptions) as Run
      if (isWhole(decoded, count)) return decoded
    } catch {
      // Which one it is, and why, is found out below.
    }
    return decodeEach(bytes, decode)
  }
}

interface Run extends Message {
  readonly messages: Message[]
  /** One before each message, counting up. */
  readonly marks: readonly number[]
}

function isWhole({ messages, marks, $unknown }: Run, count: number): boolean {
  return messages.length === count && marks.length === count && marks.every(isNext) && $unknown === undefined
}

function isNext(mark: number, index: number): boolean {
  return mark === index
}

/** Finds the message that is none. */
function decodeEach(run: Uint8Array, decode: SingleDecoder['decode']): DecodedRun {
  const messages: Message[] = []
  const view = new DataView(run.buffer, run.byteOffset)
  try {
    for (let at = 0; at < run.length; ) {
      const start = at + ENVELOPE_PREFIX_BYTES
      at = start + view.getUint32(at + 1)
      messages.push(decode(run.subarray(start, at)))
    }
    return { messages }
  } catch (error) {
    return { messages, fault: ConnectError.from(error, Code.Internal) }
  }
}

/** `message Run { repeated TYPE messages = 1; repeated uint32 marks = 2; }` */
function describeRun({ file, typeName }: DescMessage): DescMessage {
  const messages = {
    name: 'messages',
    number: 1,
    label: FieldDescriptorProto_Label.REPEATED,
    type: FieldDescriptorProto_Type.MESSAGE,
    typeName: `.${typeName}`,
  }
  const marks = {
    name: 'marks',
    number: 2,
    label: FieldDescriptorProto_Label.REPEATED,
    type: FieldDescriptorProto_Type.UINT32,
  }
  const runFile = create(FileDescriptorProtoSchema, {
    name: 'portico/wire/run.proto',
    package: RUN_PACKAGE,
    syntax: 'proto3',
    dependency: [file.proto.name],
    messageType: [{ name: RUN_NAME, field: [messages, marks] }],
  })
  const desc = createFileRegistry(runFile, () => file).getMessage(`${RUN_PACKAGE}.${RUN_NAME}`)
  if (desc === undefined) throw new Error(`no descriptor of a run of ${typeName}`)
  return desc
}

/** Turns envelopes into the fields of a `Run`. Returns how many there are. */
function markMessages(run: Buffer): number {
  let count = 0
  for (let at = 0; at < run.length; count++) {
    const length = run.readUInt32BE(at + 1)
    run[at] = MARK_TAG
    run[at + 1] = count
    run[at + 2] = MESSAGE_TAG
    run[at + 3] = length | VARINT_MORE
    run[at + 4] = length >>> 7
    at += ENVELOPE_PREFIX_BYTES + length
  }
  return count
}
