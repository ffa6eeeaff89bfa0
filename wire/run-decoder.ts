/** Decodes many short messages by one call of protobuf-es. */
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

/** Decodes a run: plain messages in their envelopes, one right behind the other, each below 256 MiB. It is not kept. */
export type RunDecoder = (run: Uint8Array) => DecodedRun

/** The messages of a run, up to the first that is none. */
export interface DecodedRun {
  readonly messages: readonly Message[]
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

/** The tag of field 1, length-delimited. */
const TAG = 0x0a
const VARINT_MORE = 0x80
const RUN_TYPE = 'portico.wire.Run'
/** What protobuf-es allows where the options do not say. */
const RECURSION_LIMIT = 100

/**
 * For each call protobuf-es makes a reader, a view and a context, which costs more than the fields of a short message do. The
 * elements of a repeated field share them: a string of 11 bytes then takes 0.12 µs instead of 0.30. So a run is made such a field
 * where it lies: the prefix of an envelope has just the room for a tag and a length of four octets.
 *
 * Null for google.protobuf.Struct, whose elements protobuf-es turns into plain objects.
 */
export function createRunDecoder({ desc, options, decode }: SingleDecoder): RunDecoder | null {
  if (desc.typeName === StructSchema.typeName) return null
  // A run is a message around the messages.
  const runOptions = { ...options, recursionLimit: (options?.recursionLimit ?? RECURSION_LIMIT) + 1 }
  let runDesc: DescMessage | undefined
  return (run) => {
    runDesc ??= describeRun(desc)
    try {
      return fromBinary(runDesc, toRepeatedField(run), runOptions) as DecodedRun & Message
    } catch {
      return decodeEach(run, decode)
    }
  }
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

/** `message Run { repeated TYPE messages = 1; }` */
function describeRun({ file, typeName }: DescMessage): DescMessage {
  const [, packageName = '', name = ''] = /^(.+)\.(\w+)$/.exec(RUN_TYPE) ?? []
  const messages = {
    name: 'messages',
    number: TAG >>> 3,
    label: FieldDescriptorProto_Label.REPEATED,
    type: FieldDescriptorProto_Type.MESSAGE,
    typeName: `.${typeName}`,
  }
  const runFile = create(FileDescriptorProtoSchema, {
    name: 'portico/wire/run.proto',
    package: packageName,
    syntax: 'proto3',
    dependency: [file.proto.name],
    messageType: [{ name, field: [messages] }],
  })
  const desc = createFileRegistry(runFile, () => file).getMessage(RUN_TYPE)
  if (desc === undefined) throw new Error(`no descriptor of a run of ${typeName}`)
  return desc
}

/** A copy: what is decoded may go on pointing at it. */
function toRepeatedField(run: Uint8Array): Uint8Array {
  const field = new Uint8Array(run)
  const view = new DataView(field.buffer)
  for (let at = 0; at < field.length; ) {
    const length = view.getUint32(at + 1)
    field[at] = TAG
    field[at + 1] = length | VARINT_MORE
    field[at + 2] = (length >>> 7) | VARINT_MORE
    field[at + 3] = (length >>> 14) | VARINT_MORE
    field[at + 4] = length >>> 21
    at += ENVELOPE_PREFIX_BYTES + length
  }
  return field
}
