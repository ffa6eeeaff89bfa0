/** Load reports, as servers send them. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { AttemptOutcome } from '../../../client/node/contracts/picker.ts'
import { type HeaderField, headerField } from '../../../wire/http2/http2.ts'

/** The fields of xds.data.orca.v3.OrcaLoadReport that weights are computed from. */
export interface ReportedLoad {
  readonly cpu?: number
  readonly memory?: number
  readonly application?: number
  readonly qps?: number
  readonly eps?: number
  readonly utilization?: Readonly<Record<string, number>>
  readonly named?: Readonly<Record<string, number>>
}

/** The message of one report. */
export function encodeReport(load: ReportedLoad): Uint8Array {
  const writer = new BinaryWriter()
  // A request cost, which weights do not use.
  writeMap(writer, 4, { db: 3 })
  writer.tag(1, WireType.Bit64).double(load.cpu ?? 0)
  writer.tag(2, WireType.Bit64).double(load.memory ?? 0)
  writeMap(writer, 5, load.utilization ?? {})
  writer.tag(6, WireType.Bit64).double(load.qps ?? 0)
  writer.tag(7, WireType.Bit64).double(load.eps ?? 0)
  writeMap(writer, 8, load.named ?? {})
  writer.tag(9, WireType.Bit64).double(load.application ?? 0)
  return writer.finish()
}

/** The trailers of one report. */
export function reportTrailers(load: ReportedLoad): readonly HeaderField[] {
  return [headerField('endpoint-load-metrics-bin', Buffer.from(encodeReport(load)).toString('base64'))]
}

/** A successful call with a report. */
export function reported(load: ReportedLoad): AttemptOutcome {
  return { error: null, trailers: reportTrailers(load), isAbandoned: false }
}

function writeMap(writer: BinaryWriter, field: number, entries: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(entries)) {
    writer.tag(field, WireType.LengthDelimited).fork()
    writer.tag(1, WireType.LengthDelimited).string(key).tag(2, WireType.Bit64).double(value).join()
  }
}
