/** Asks a server to report its load now and then, apart from calls (ORCA out of band, gRFC A51). */
import { create, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { DurationSchema, durationFromMs } from '@bufbuild/protobuf/wkt'
import type { Subchannel } from '../contracts/subchannel.ts'
import { decodeLoadReport, type LoadReport } from './load-report.ts'

/** What is asked for, and who is told. */
export interface LoadWatch {
  /** The time from one report to the next, in whole milliseconds, from 0. Servers have a least of their own, often 30,000. */
  readonly intervalMs: number
  /** Called at any time, but not from within a method of the subchannel. Must not throw. */
  onReport(report: LoadReport): void
}

const PATH = '/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics'

/**
 * Reports come whenever the subchannel has a connection. From a server that does not know the service none do. Returns a function
 * that ends it.
 */
export function watchLoad(subchannel: Pick<Subchannel, 'keepStream'>, { intervalMs, onReport }: LoadWatch): () => void {
  return subchannel.keepStream(
    { path: PATH, message: encodeRequest(intervalMs) },
    {
      onMessage: (data) => onReport(decodeLoadReport(data)),
      // Whatever has been reported holds until it is too old.
      onFailed() {},
      onRetry() {},
      onUnimplemented() {},
    },
  )
}

/** `OrcaLoadReportRequest`, of which only `report_interval` matters. */
function encodeRequest(intervalMs: number): Uint8Array {
  const interval = toBinary(DurationSchema, create(DurationSchema, durationFromMs(intervalMs)))
  return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(interval).finish()
}
