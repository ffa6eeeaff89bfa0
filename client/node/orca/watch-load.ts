/** Requests out-of-band load reports from a server (ORCA, gRFC A51). */
import { create, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { DurationSchema, durationFromMs } from '@bufbuild/protobuf/wkt'
import type { Subchannel } from '../contracts/subchannel.ts'
import { decodeLoadReport, type LoadReport } from './load-report.ts'

/** Options of a subscription. */
export interface LoadWatch {
  /** The interval between reports, in whole milliseconds, from 0. Servers have a minimum, often 30,000. */
  readonly intervalMs: number
  /** Called at any time, but not from within a method of the subchannel. Must not throw. */
  onReport(report: LoadReport): void
}

const PATH = '/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics'

/**
 * Subscribes to reports whenever the subchannel has a connection. Servers without the service send none. Returns a function that ends the
 * subscription.
 */
export function watchLoad(subchannel: Pick<Subchannel, 'keepStream'>, { intervalMs, onReport }: LoadWatch): () => void {
  return subchannel.keepStream(
    { path: PATH, message: encodeRequest(intervalMs) },
    {
      onMessage: (data) => onReport(decodeLoadReport(data)),
      // The last report stays valid until it expires.
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
