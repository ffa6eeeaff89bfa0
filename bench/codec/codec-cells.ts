/** Codecs alone: what it costs to encode and to decode a message, without a transport. */
import path from 'node:path'
import { onServerCore, type Program, withinSeconds } from '../cores.ts'
import type { Cell, Column, Plan, Sample, Workload } from '../workload.ts'

/** A codec to measure. */
export interface ContestingCodec {
  /** Its name on the command line. */
  readonly name: string
  /** Its name in the report. */
  readonly title: string
  readonly program: Program
}

/** A workload of codecs: one message. */
export interface CodecWorkload extends Workload {
  /** The name of the message in the programs. */
  readonly message: 'short' | 'topic' | 'long'
}

/** Built only if the tools are available. */
export interface BuiltCodecs {
  /** Path of the executable. */
  readonly grpcGo: string
  /** Path of the executable; undefined omits prost. */
  readonly prost: string | undefined
}

const COLUMNS: readonly [Column, ...Column[]] = [
  { key: 'encode', title: 'encode', unit: 'ns' },
  { key: 'decode', title: 'decode', unit: 'ns' },
  { key: 'toJson', title: 'write JSON', unit: 'ns' },
  { key: 'fromJson', title: 'read JSON', unit: 'ns' },
]

/** All workloads of codecs, in the order of the report. */
export const CODEC_WORKLOADS: readonly CodecWorkload[] = [
  workloadOf('short', 'a short string', 'SayHelloRequest with a name of 16 bytes.'),
  workloadOf('topic', 'a topic message', 'GetStreamResponse: two strings, a uint64 and a Timestamp.'),
  workloadOf('long', 'a string of 16 KiB', 'SayHelloRequest with a name of 16 KiB.'),
]

/** All codecs, in the order of the report. */
export function codecsOf({ grpcGo, prost }: BuiltCodecs): readonly ContestingCodec[] {
  return [
    { name: 'compiled', title: 'Portico, compiled', program: node('compiled') },
    { name: 'protobuf-es', title: 'protobuf-es', program: node('protobuf-es') },
    { name: 'protobuf-go', title: 'grpc-go (protobuf-go)', program: { program: grpcGo, args: [] } },
    ...(prost === undefined ? [] : [{ name: 'prost', title: 'tonic (prost)', program: { program: prost, args: [] } }]),
  ]
}

/** Creates the cells, grouped by message. A codec has a core of its own. */
export function codecCells(
  codecs: readonly ContestingCodec[],
  workloads: readonly CodecWorkload[],
  { seconds }: Plan,
): readonly Cell[] {
  return workloads.flatMap((workload) =>
    codecs.map(({ name, title, program: { program, args } }) => ({
      workload,
      contestant: name,
      title,
      async measure() {
        const command = onServerCore({ program, args: [...args, workload.message, String(seconds)] })
        return JSON.parse(await withinSeconds(command, 2 * seconds)) as Sample
      },
    })),
  )
}

function workloadOf(message: CodecWorkload['message'], title: string, explanation: string): CodecWorkload {
  return {
    name: `codec-${message}`,
    title: `Codec: ${title}`,
    explanation: `${explanation} CPU time of one message, without a transport.`,
    columns: COLUMNS,
    baseline: 'protobuf-es',
    message,
  }
}

function node(codec: string): Program {
  return { program: process.execPath, args: [path.join(import.meta.dirname, 'codec-program.ts'), codec] }
}
